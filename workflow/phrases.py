"""What is wrong with a field, said to a person: Indonesian first, English second."""

from collections.abc import Callable

PHRASES: dict[str, tuple[str, str]] = {
    "required": ("“{title}” wajib diisi.", "“{title}” is required."),
    "minLength": ("“{title}” baru {size} karakter, minimal {limit}.", "“{title}” has {size} characters, at least {limit} are needed."),
    "maxLength": ("“{title}” terlalu panjang: {size} karakter, maksimal {limit}.", "“{title}” is too long: {size} characters, at most {limit}."),
    "minWords": ("“{title}” baru {size} kata, minimal {limit} kata.", "“{title}” has {size} words, at least {limit} are needed."),
    "minItems": ("“{title}” baru berisi {size} baris, minimal {limit}.", "“{title}” has {size} rows, at least {limit} are needed."),
    "maxItems": ("“{title}” berisi {size} baris, maksimal {limit}.", "“{title}” has {size} rows, at most {limit} are allowed."),
    "minimum": ("“{title}” tidak boleh kurang dari {limit}.", "“{title}” must be at least {limit}."),
    "maximum": ("“{title}” tidak boleh lebih dari {limit}.", "“{title}” must be at most {limit}."),
    "enum": ("Pilih salah satu nilai yang tersedia untuk “{title}”.", "Choose one of the offered values for “{title}”."),
    "const": ("“{title}” harus disetujui.", "“{title}” has to be agreed to."),
    "type": ("“{title}” tidak sesuai jenis isiannya.", "“{title}” has the wrong type."),
    "format": ("“{title}” formatnya tidak sesuai.", "“{title}” has the wrong format."),
    "pattern": ("“{title}” formatnya tidak sesuai.", "“{title}” has the wrong format."),
    "uniqueItems": ("“{title}” memuat isian yang sama lebih dari sekali.", "“{title}” repeats an entry."),
    "not": ("“{title}” tidak diperlukan untuk pilihan ini; kosongkan.", "“{title}” does not apply to this choice; leave it empty."),
    "unknown": ("Isian ini tidak dikenal.", "This field is unknown."),
    "control": ("Teks memuat karakter yang tidak dapat disimpan.", "The text contains characters that cannot be stored."),
    "depth": ("Isian bertingkat terlalu dalam.", "The document is nested too deeply."),
    "json": ("Isi permintaan bukan JSON yang sah: {title}.", "The body is not valid JSON: {title}."),
    "other": ("“{title}” tidak sesuai.", "“{title}” is not acceptable."),
}  # fmt: skip


ROLE_NAMES = {
    "proposer": "pengusul",
    "co_author": "anggota tim pengusul",
    "mentor": "mentor",
    "coach": "coach",
    "reviewer": "penelaah",
    "agency_head": "kepala perangkat daerah",
    "origin": "pemilik inovasi asal",
    "origin_head": "kepala perangkat daerah asal",
    "organiser": "penyelenggara PKP",
    "coordinator": "koordinator Bappeda Litbang",
    "auditor": "auditor",
    "admin": "admin",
    "chair": "ketua sidang",
    "system": "sistem",
}


AUDIENCE_NAMES = {
    "reviewers": "para penelaah",
    "invited": "yang duduk dalam seminarnya",
    "subject": "orang yang bersangkutan",
    "owner": "pemegang giliran",
    "nudged": "pemegang giliran yang diingatkan",
    "escalation": "tujuan eskalasi",
    "assigners": "yang menugaskan penelaah",
    "listeners": "yang dituju, yang disebut, dan yang pernah menulis",
}
"""Audiences that are no role of a case."""


MAIL_NAMES = {
    "adoption_adapted": "catatan penyesuaian replikasi",
    "adoption_adopted": "inovasi diadopsi",
    "adoption_agreed": "replikasi disepakati",
    "adoption_ended": "replikasi tidak dilanjutkan",
    "adoption_interest": "minat mereplikasi",
    "adoption_measured": "hasil replikasi tercatat",
    "adoption_offered": "tawaran replikasi",
    "approved": "usulan disetujui",
    "conflict_declared": "benturan kepentingan dinyatakan",
    "decision_needed": "menunggu keputusan",
    "deadline_extended": "batas waktu diperpanjang",
    "deadline_moved": "batas waktu berubah menurut kalender",
    "decree_needed": "Surat Keputusan diperlukan",
    "desk_cancelled": "jadwal desk dibatalkan",
    "desk_scheduled": "jadwal desk pendampingan",
    "discussed": "pesan dalam diskusi",
    "entry_requested": "kelengkapan bukti IGA diminta",
    "entry_sent": "inovasi dikirim ke Kemendagri",
    "entry_verified": "entri IGA terverifikasi",
    "escalated": "eskalasi: batas waktu terlewati",
    "evidence_infected": "berkas ditolak karena malware",
    "extended": "uji coba diperpanjang",
    "handed_over": "penanggung jawab dialihkan",
    "nudged": "pengingat dari koordinator atau penyelenggara",
    "overdue": "batas waktu terlewati",
    "permission_needed": "izin tertulis diperlukan",
    "pilot_started": "uji coba dimulai",
    "pilot_stopped": "uji coba dihentikan",
    "received": "tanda terima",
    "rejected": "hasil telaah",
    "reminder": "pengingat batas waktu",
    "replication_opened": "terbuka untuk direplikasi",
    "report_received": "laporan diterima",
    "result_recorded": "hasil IGA dicatat",
    "review_released": "penugasan telaah berakhir",
    "review_requested": "menunggu telaah",
    "reviewer_withdrew": "penelaah mengundurkan diri",
    "reviewers_needed": "menunggu penunjukan penelaah",
    "reviews_disagree": "penilaian berbeda jauh",
    "round_short": "putaran kurang penilaian",
    "revision_requested": "perbaikan diminta",
    "seminar_cancelled": "seminar dibatalkan",
    "seminar_invited": "undangan seminar",
    "seminar_moved": "perubahan jadwal seminar",
    "seminar_result": "hasil seminar",
    "stage_opened": "memasuki tahap baru",
    "withdrawn": "usulan ditarik kembali",
}
"""What each mail about a case tells, in a few words."""


SIGN_IN_NAMES = {
    "signed_in": "Masuk",
    "signed_in_passkey": "Masuk dengan kunci sandi",
    "signed_in_code": "Masuk dengan kode verifikasi",
    "signed_in_recovery": "Masuk dengan kode pemulihan",
    "failed_password": "Kata sandi salah",
    "failed_code": "Kode verifikasi atau pemulihan salah",
    "failed_passkey": "Kunci sandi ditolak",
    "reset_asked": "Meminta tautan kata sandi",
    "password_reset": "Kata sandi diatur ulang",
    "password_changed": "Kata sandi diganti",
    "invited": "Undangan dikirim",
    "second_factor_on": "Verifikasi dua langkah diaktifkan",
    "second_factor_off": "Verifikasi dua langkah dimatikan",
    "recovery_made": "Kode pemulihan dibuat",
    "passkey_added": "Kunci sandi ditambahkan",
    "passkey_removed": "Kunci sandi dihapus",
    "token_made": "Token API dibuat",
    "switched_off": "Akun dinonaktifkan",
    "switched_on": "Akun diaktifkan",
}


def phrase(keyword: str, locale: str, **values: object) -> str:
    """The sentence for a schema keyword; unknown keywords get the general one."""
    indonesian, english = PHRASES.get(keyword, PHRASES["other"])
    template: Callable[..., str] = (english if locale == "en" else indonesian).format
    return template(**{"title": "", "size": "", "limit": "", **values})
