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
    affairs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ("digital", "non_digital")
    former: tuple[str, str] | None = None
    access_until: str | None = None


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
        affairs=("Kepegawaian", "Pendidikan dan Pelatihan", "Perencanaan"),
        access_until="2023-12-31",
    ),
    Persona(
        "larasati.penelaah",
        "Dr. Larasati Kusumaningrum",
        "Dosen Administrasi Publik",
        None,
        ("reviewer",),
        affairs=("Penelitian dan Pengembangan", "Sosial", "Pemberdayaan Masyarakat dan Desa"),
        access_until="2023-12-31",
    ),
    Persona(
        "yohanes.penelaah",
        "Yohanes Adi Saputro, M.Kom.",
        "Dosen Sistem Informasi",
        None,
        ("reviewer",),
        affairs=("Komunikasi dan Informatika", "Statistik", "Perpustakaan"),
        categories=("digital",),
        access_until="2023-12-31",
    ),
    Persona(
        "nurul.penelaah",
        "Nurul Hidayati, S.H., M.H.",
        "Praktisi pelayanan publik",
        None,
        ("reviewer",),
        affairs=("Administrasi Kependudukan dan Pencatatan Sipil", "Penanaman Modal", "Tenaga Kerja"),
        access_until="2023-12-31",
    ),
    Persona(
        "wahyudi.penelaah",
        "Wahyudi Santosa, S.E., M.Ak.",
        "Kepala Bidang Anggaran",
        "bpkpd",
        ("reviewer",),
        affairs=("Keuangan", "Perdagangan"),
        former=("diskumindag", "2021-06-30"),
    ),
    Persona(
        "titik.penelaah",
        "Titik Purwaningsih, S.Sos., M.Si.",
        "Kepala Bidang Litbang",
        "bappeda-litbang",
        ("reviewer",),
        affairs=("Penelitian dan Pengembangan", "Perencanaan", "Lingkungan Hidup"),
    ),
    Persona(
        "arif.penelaah",
        "Arif Rachman Hakim, S.T., M.T.",
        "Kepala Bidang Aplikasi Informatika",
        "diskominfo",
        ("reviewer",),
        affairs=("Komunikasi dan Informatika", "Persandian"),
        categories=("digital",),
    ),
    Persona(
        "suci.penelaah",
        "Suci Rahmawati, S.Pd., M.Pd.",
        "Pengawas Sekolah",
        "disdikbud",
        ("reviewer",),
        affairs=("Pendidikan", "Kebudayaan", "Kepemudaan dan Olahraga"),
        categories=("non_digital",),
    ),
    Persona(
        "joko.penelaah",
        "dr. Joko Handoyo, M.Kes.",
        "Kepala Bidang Pelayanan Kesehatan",
        "dinkes",
        ("reviewer",),
        affairs=("Kesehatan", "Pengendalian Penduduk dan Keluarga Berencana", "Sosial"),
    ),
)

HEADS = (
    "Ir. Suprapto, M.T.", "Dra. Wening Lestari, M.M.", "Agung Nurcahyo, S.Sos., M.Si.", "dr. Yuli Hartono, M.Kes.",
    "Sri Mulyani Handayani, S.H.", "Drs. Purnomo Edi, M.Pd.", "Rahmat Subekti, S.E., M.M.", "Dewi Kartikasari, S.K.M.",
    "Heru Baskoro, S.STP., M.Si.", "Ninik Setyorini, S.Pd., M.Pd.", "Untung Waluyo, S.T.", "Ratih Puspitasari, S.E.",
    "Bambang Triyanto, S.IP.", "Siti Fatimah Zahra, S.Ag.", "Gunawan Wibisana, S.Hut.", "Lilis Suryani, S.Kep., Ns.",
)  # fmt: skip
