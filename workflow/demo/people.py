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
    Persona("koordinator", "Dra. Endah Wulandari, M.Si.", "Koordinator Inovasi Daerah", "bappeda-litbang", ("coordinator",)),
    Persona("koordinator2", "Bagus Priyambodo, S.STP.", "Analis Kelitbangan", "bappeda-litbang", ("coordinator",)),
    Persona("penyelenggara", "Retno Astuti, S.Sos.", "Penyelenggara PKP", "bkpsdm", ("organiser",)),
    Persona("auditor", "Haryo Wibisono, S.E.", "Auditor Ahli Muda", "inspektorat", ("auditor",)),
    Persona("operator", "Dimas Adi Nugraha, S.Kom.", "Pranata Komputer", "diskominfo", ("admin",)),
)

REVIEWERS = (
    Persona("sugeng.penelaah", "Drs. Sugeng Prayitno, M.M.", "Widyaiswara Ahli Madya", None, ("reviewer",)),
    Persona("larasati.penelaah", "Dr. Larasati Kusumaningrum", "Dosen Administrasi Publik", None, ("reviewer",)),
    Persona("yohanes.penelaah", "Yohanes Adi Saputro, M.Kom.", "Dosen Sistem Informasi", None, ("reviewer",)),
    Persona("nurul.penelaah", "Nurul Hidayati, S.H., M.H.", "Praktisi pelayanan publik", None, ("reviewer",)),
    Persona("wahyudi.penelaah", "Wahyudi Santosa, S.E., M.Ak.", "Kepala Bidang Anggaran", "bpkpd", ("reviewer",)),
    Persona("titik.penelaah", "Titik Purwaningsih, S.Sos., M.Si.", "Kepala Bidang Litbang", "bappeda-litbang", ("reviewer",)),
    Persona("arif.penelaah", "Arif Rachman Hakim, S.T., M.T.", "Kepala Bidang Aplikasi Informatika", "diskominfo", ("reviewer",)),
    Persona("suci.penelaah", "Suci Rahmawati, S.Pd., M.Pd.", "Pengawas Sekolah", "disdikbud", ("reviewer",)),
    Persona("joko.penelaah", "dr. Joko Handoyo, M.Kes.", "Kepala Bidang Pelayanan Kesehatan", "dinkes", ("reviewer",)),
)

PERSONAS = (
    {"email": f"koordinator@{DOMAIN}", "name": "Endah Wulandari", "role": "Koordinator"},
    {"email": f"penyelenggara@{DOMAIN}", "name": "Retno Astuti", "role": "Penyelenggara PKP"},
    {"email": f"pengusul@{DOMAIN}", "name": "Pengusul", "role": "Pengusul"},
    {"email": f"mentor@{DOMAIN}", "name": "Mentor", "role": "Mentor"},
    {"email": f"kepala@{DOMAIN}", "name": "Kepala OPD", "role": "Kepala OPD"},
    {"email": f"sugeng.penelaah@{DOMAIN}", "name": "Sugeng Prayitno", "role": "Penelaah"},
    {"email": f"auditor@{DOMAIN}", "name": "Haryo Wibisono", "role": "Auditor"},
    {"email": f"operator@{DOMAIN}", "name": "Dimas Nugraha", "role": "Operator"},
)
