"""The invented people of the demo that belong to no single innovation."""

from dataclasses import dataclass

DOMAIN = "demo.invalid"


@dataclass(frozen=True)
class Persona:
    """Somebody of the office, the training or the review panel."""

    email: str
    name: str
    position: str
    agency: str | None
    roles: tuple[str, ...] = ()
    heads_agency: bool = False


STAFF = (
    Persona(
        "koordinator",
        "Dra. Endah Wulandari, M.Si.",
        "Koordinator Inovasi Daerah",
        "bappeda-litbang",
        ("coordinator",),
    ),
    Persona(
        "koordinator2",
        "Bagus Priyambodo, S.STP.",
        "Analis Kelitbangan",
        "bappeda-litbang",
        ("coordinator",),
    ),
    Persona("penyelenggara", "Retno Astuti, S.Sos.", "Penyelenggara PKP", "bkpsdm", ("organiser",)),
    Persona("auditor", "Haryo Wibisono, S.E.", "Auditor Ahli Muda", "inspektorat", ("auditor",)),
    Persona("operator", "Dimas Adi Nugraha, S.Kom.", "Pranata Komputer", "diskominfo", ("admin",)),
)

REVIEWERS = (
    Persona(
        "sugeng.penelaah",
        "Drs. Sugeng Prayitno, M.M.",
        "Widyaiswara Ahli Madya",
        None,
        ("reviewer",),
    ),
    Persona(
        "larasati.penelaah",
        "Dr. Larasati Kusumaningrum",
        "Dosen Administrasi Publik",
        None,
        ("reviewer",),
    ),
    Persona(
        "yohanes.penelaah",
        "Yohanes Adi Saputro, M.Kom.",
        "Dosen Sistem Informasi",
        None,
        ("reviewer",),
    ),
    Persona(
        "nurul.penelaah",
        "Nurul Hidayati, S.H., M.H.",
        "Praktisi pelayanan publik",
        None,
        ("reviewer",),
    ),
    Persona(
        "wahyudi.penelaah",
        "Wahyudi Santosa, S.E., M.Ak.",
        "Kepala Bidang Anggaran",
        "bpkpd",
        ("reviewer",),
    ),
    Persona(
        "titik.penelaah",
        "Titik Purwaningsih, S.Sos., M.Si.",
        "Kepala Bidang Litbang",
        "bappeda-litbang",
        ("reviewer",),
    ),
    Persona(
        "arif.penelaah",
        "Arif Rachman Hakim, S.T., M.T.",
        "Kepala Bidang Aplikasi Informatika",
        "diskominfo",
        ("reviewer",),
    ),
    Persona(
        "suci.penelaah",
        "Suci Rahmawati, S.Pd., M.Pd.",
        "Pengawas Sekolah",
        "disdikbud",
        ("reviewer",),
    ),
    Persona(
        "joko.penelaah",
        "dr. Joko Handoyo, M.Kes.",
        "Kepala Bidang Pelayanan Kesehatan",
        "dinkes",
        ("reviewer",),
    ),
)

HEADS = (
    "Ir. Suprapto, M.T.", "Dra. Wening Lestari, M.M.", "Agung Nurcahyo, S.Sos., M.Si.", "dr. Yuli Hartono, M.Kes.",
    "Sri Mulyani Handayani, S.H.", "Drs. Purnomo Edi, M.Pd.", "Rahmat Subekti, S.E., M.M.", "Dewi Kartikasari, S.K.M.",
    "Heru Baskoro, S.STP., M.Si.", "Ninik Setyorini, S.Pd., M.Pd.", "Untung Waluyo, S.T.", "Ratih Puspitasari, S.E.",
    "Bambang Triyanto, S.IP.", "Siti Fatimah Zahra, S.Ag.", "Gunawan Wibisana, S.Hut.", "Lilis Suryani, S.Kep., Ns.",
)  # fmt: skip
