"""The routes of the API: one row for each, and what one would type to try it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow import evidence_store

Json = dict[str, Any]

PREFIX = "/api/v1"
CASE = f"{PREFIX}/proposals/{{number}}"
DECISION = f"{PREFIX}/decisions/{{decision_id}}"
JSON, PROBLEM, FORM = "application/json", "application/problem+json", "multipart/form-data"
READ, WRITE, NUMBERED = (401, 403, 422, 500, 503), (400, 401, 403, 413, 415, 422, 500, 503), (404, 409)


@dataclass(frozen=True)
class Operation:
    """One row of the description."""

    endpoint: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    answer: str
    status: int = 200
    body: str | None = None
    body_type: str = JSON
    headers: tuple[str, ...] = ()
    public: bool = False
    versioned: bool = False
    answer_type: str = JSON
    refuses: bool = False

    @property
    def errors(self) -> list[int]:
        """The statuses that this route may refuse with."""
        found = {401, *READ} if self.method == "get" else set(WRITE)
        if "{number}" in self.path:
            found |= {404} if self.method == "get" else set(NUMBERED)
        if self.refuses:
            found |= set(NUMBERED)
        if {"{name}", "{import_id}", "{export_id}", "{decision_id}", "{seminar_id}"} & set(
            self.path.split("/")
        ):
            found.add(404)
        return sorted(found | ({428} if self.versioned else set()))


OPERATIONS = (
    Operation(
        "api_catalogue.show", "get", f"{PREFIX}/process", "Katalog", "Proses yang berlaku",
        "Alur, tahap, status, langkah, serta nama formulir dan rubriknya.", "process_view", public=True,
    ),
    Operation(
        "api_catalogue.schema", "get", f"{PREFIX}/schemas/{{name}}", "Katalog", "Skema JSON yang ditegakkan",
        "Formulir, rubrik, isi permintaan, dan berkas tahapan, menurut nama.", "any_schema", public=True,
        answer_type="application/schema+json",
    ),
    Operation(
        "openapi.document", "get", f"{PREFIX}/openapi.json", "Katalog", "Dokumen ini",
        "", "any_schema", public=True,
    ),
    Operation(
        "api_proposals.create", "post", f"{PREFIX}/proposals", "Usulan", "Membuat usulan",
        "Usulan baru berstatus draf; pemanggil menjadi pengusulnya.", "proposal", 201, "proposal_create",
        headers=("ETag", "Location"),
    ),
    Operation(
        "api_proposals.index", "get", f"{PREFIX}/proposals", "Usulan", "Daftar usulan yang boleh Anda lihat",
        "Halaman berikutnya: ulangi dengan `cursor`, atau ikuti tajuk `Link`.", "proposal_page",
        headers=("Link",),
    ),
    Operation(
        "api_proposals.show", "get", CASE, "Usulan", "Satu usulan",
        "Formulir, nilai, batas waktu, dan semua langkah dari sini beserta alasan bila tertutup bagi Anda.",
        "proposal", headers=("ETag",),
    ),
    Operation(
        "api_proposals.draft", "put", f"{CASE}/draft", "Usulan", "Menyimpan isian sementara",
        "Boleh belum lengkap, tetapi bentuknya harus benar. ETag berganti setiap kali disimpan.",
        "proposal", 200, "draft", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.step", "post", f"{CASE}/transitions/{{name}}", "Usulan", "Menjalankan langkah",
        "Tanpa `form`, draf yang tersimpan yang diajukan. Penolakan menyebut semua `errors` atau `reasons`.",
        "proposal", 200, "transition", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.extend", "post", f"{CASE}/extensions", "Usulan", "Memperpanjang batas waktu",
        "Oleh peran yang disebut tahapnya, sebanyak dan sejauh yang diizinkannya; pengingat ikut bergeser.",
        "proposal", 200, "extension", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.nudge", "post", f"{CASE}/nudges", "Usulan", "Mengingatkan pemegang giliran",
        "Satu surel kepada setiap pemegang giliran yang belum diingatkan dalam dua hari kerja terakhir.",
        "event", 201, headers=("Location",),
    ),
    Operation(
        "api_proposals.review", "post", f"{CASE}/reviews", "Usulan", "Memberi penilaian",
        "Oleh penelaah yang ditugaskan, sekali untuk setiap putaran, menurut rubrik status ini.",
        "proposal", 201, "review", headers=("ETag", "Location"),
    ),
    Operation(
        "api_proposals.messages", "get", f"{CASE}/messages", "Usulan", "Diskusi usulan",
        "Pesan yang boleh Anda baca, yang terlama lebih dahulu.", "message_list",
    ),
    Operation(
        "api_proposals.say", "post", f"{CASE}/messages", "Usulan", "Menulis dalam diskusi",
        "Tidak mengubah usulan, jadi tanpa `If-Match`. Yang disebut dan yang berkepentingan mendapat surel.",
        "message", 201, "message_create", headers=("Location",),
    ),
    Operation(
        "api_decisions.create", "post", f"{CASE}/decisions", "Keputusan ditahan", "Menahan keputusan",
        "Diperiksa seperti langkahnya, tetapi tidak dijalankan; tidak ada yang diberi tahu sampai dirilis.",
        "decision", 201, "decision_create", headers=("Location",), versioned=True,
    ),
    Operation(
        "api_decisions.index", "get", f"{PREFIX}/decisions", "Keputusan ditahan", "Keputusan yang ditahan",
        "Yang boleh Anda putuskan, termasuk yang gugur dan belum disingkirkan.", "decision_list",
    ),
    Operation(
        "api_decisions.show", "get", DECISION, "Keputusan ditahan", "Satu keputusan",
        "`changes` menyebut berapa peristiwa yang menahan rilisnya.", "decision",
    ),
    Operation(
        "api_decisions.seen", "post", f"{DECISION}/seen", "Keputusan ditahan", "Perubahan sudah dibaca",
        "`seen` ialah `seq` peristiwa terakhir usulan yang Anda baca.", "decision", 200, "decision_seen",
        refuses=True,
    ),
    Operation(
        "api_decisions.withdraw", "post", f"{DECISION}/withdraw", "Keputusan ditahan", "Menarik keputusan",
        "Selama belum dirilis; tidak ada yang diberi tahu.", "decision", refuses=True,
    ),
    Operation(
        "api_decisions.release", "post", f"{DECISION}/release", "Keputusan ditahan", "Merilis keputusan",
        "Langkahnya dijalankan dan surelnya dikirim. Ditolak bila usulan berubah sejak keputusan ditahan.",
        "proposal", headers=("ETag",), refuses=True,
    ),
    Operation(
        "api_proposals.attachment", "get", f"{CASE}/attachments/{{attachment_id}}", "Usulan",
        "Mengunduh lampiran pesan", "Bagi yang boleh membaca pesannya; selalu sebagai lampiran.", "",
        headers=("Content-Disposition",),
    ),
    Operation(
        "api_adoptions.index", "get", f"{CASE}/adoptions", "Adopsi", "Silsilah adopsi sebuah inovasi",
        "Inovasi asal dan semua adopsinya menurut generasi. Replikasi oleh daerah lain tidak termasuk.",
        "adoption_list",
    ),
    Operation(
        "api_adoptions.create", "post", f"{CASE}/adoptions", "Adopsi", "Menyatakan minat atau menawarkan",
        "`form`: minat perangkat daerah Anda. `agency` dan `note`: tawaran koordinator. `number` adalah "
        "inovasi yang sudah dipakai, atau adopsi yang sudah berhasil.",
        "proposal", 201, "adoption_create", headers=("ETag", "Location"),
    ),
    Operation(
        "api_adoptions.matches", "get", f"{CASE}/matches", "Adopsi", "Perangkat daerah yang cocok",
        "Untuk koordinator: paling cocok lebih dahulu, dengan alasan dan jawaban sebelumnya.", "match_list",
    ),
    Operation(
        "api_evidence.index", "get", f"{CASE}/evidence", "Bukti dukung", "Daftar bukti dukung",
        "", "evidence_list",
    ),
    Operation(
        "api_evidence.add", "post", f"{CASE}/evidence", "Bukti dukung", "Mengunggah bukti dukung",
        f"PDF, JPEG, atau PNG menurut isinya, paling besar {evidence_store.LARGEST // 1024 // 1024} MB; "
        f"MP4 paling besar {evidence_store.LARGEST_VIDEO // 1024 // 1024} MB.",
        "evidence", 201, "evidence_upload", FORM, headers=("Location",),
    ),
    Operation(
        "api_evidence.fetch", "get", f"{CASE}/evidence/{{evidence_id}}", "Bukti dukung", "Mengunduh berkas",
        "Selalu sebagai lampiran.", "", headers=("Content-Disposition",),
    ),
    Operation(
        "api_imports.add", "post", f"{PREFIX}/imports", "Impor", "Mengimpor angkatan atau registri",
        "XLSX, ODS, atau CSV sampai 10 MB dan 10.000 baris; diperiksa, lalu baris yang baik diimpor.",
        "import", 202, "import_upload", FORM, headers=("Location",),
    ),
    Operation(
        "api_imports.show", "get", f"{PREFIX}/imports/{{import_id}}", "Impor", "Kemajuan dan temuan impor",
        "`rows` memuat baris dengan kesalahan atau catatan; halaman berikutnya: ulangi dengan `cursor`.",
        "import",
    ),
    Operation(
        "api_exports.add", "post", f"{PREFIX}/exports", "Ekspor", "Meminta paket ekspor",
        "Satu entri, atau semua entri satu tahun; pekerja membuatnya. Entri yang sama menghasilkan berkas "
        "yang sama persis.", "export", 202, "export_create", headers=("Location",), refuses=True,
    ),
    Operation(
        "api_exports.show", "get", f"{PREFIX}/exports/{{export_id}}", "Ekspor", "Kemajuan dan isi paket",
        "Ulangi sampai `state` bukan `building`; berkasnya ada pada `links.file`.", "export",
    ),
    Operation(
        "api_exports.cancel", "post", f"{PREFIX}/exports/{{export_id}}/cancel", "Ekspor", "Membatalkan paket",
        "Yang sudah dikemas dihapus.", "export", refuses=True,
    ),
    Operation(
        "api_exports.fetch", "get", f"{PREFIX}/exports/{{export_id}}/file", "Ekspor", "Mengunduh paket",
        "ZIP dengan `manifest.json`; disimpan tujuh hari.", "", headers=("Content-Disposition",),
        answer_type="application/zip",
    ),
    Operation(
        "api_seminars.index", "get", f"{PREFIX}/seminars", "Seminar", "Daftar seminar",
        "Sesi yang Anda susun, pimpin, atau ikuti, dengan presentasi yang boleh Anda lihat.", "seminar_page",
    ),
    Operation(
        "api_seminars.show", "get", f"{PREFIX}/seminars/{{seminar_id}}", "Seminar", "Satu sesi seminar",
        "Kalendernya ada pada `links.calendar`, bagi yang masuk lewat peramban.", "seminar",
    ),
    Operation(
        "api_events.of_case", "get", f"{CASE}/events", "Peristiwa dan surel", "Riwayat usulan",
        "Isi penilaian hanya tampak bagi yang boleh membacanya.", "event_list",
    ),
    Operation(
        "api_events.emails", "get", f"{CASE}/emails", "Peristiwa dan surel", "Surel tentang usulan",
        "Surel Anda sendiri; koordinator, penyelenggara, dan auditor melihat semuanya.", "email_list",
    ),
    Operation(
        "api_events.feed", "get", f"{PREFIX}/events", "Peristiwa dan surel", "Aliran semua peristiwa",
        "Untuk koordinator dan auditor. Simpan `next_after`, lalu tanyakan lagi dengan `after`.", "feed",
    ),
    Operation(
        "api_events.for_si_risma", "get", f"{PREFIX}/registry/si-risma", "Peristiwa dan surel",
        "Registri dalam kolom Si Risma",
        "Untuk koordinator dan auditor. Baris datang lagi bila inovasinya berubah; simpan `next_after`.",
        "si_risma_feed",
    ),
)  # fmt: skip

EXAMPLES: Mapping[str, Json] = {
    "proposal_create": {
        "title": "SIAGA POSYANDU: pemantauan gizi balita",
        "category": "digital",
        "agency": "puskesmas-tanon-1",
        "cohort": "pkp-iv-2022",
        "mentor": "atasan@contoh.invalid",
    },
    "adoption_create": {
        "form": {
            "problem": "Pemohon datang berulang kali untuk menanyakan berkasnya, lalu memakai perantara.",
            "expected": "Pemohon cukup bertanya lewat pesan.",
        }
    },
    "draft": {"form": {}, "transition": "submit"},
    "transition": {"note": "Rancangan sudah baik; lanjutkan ke seminar."},
    "decision_create": {"transition": "settle_design", "note": "Penguji sepakat setelah pembahasan."},
    "decision_seen": {"seen": 24},
    "extension": {"until": "2022-12-06", "reason": "Peserta bertugas di luar daerah selama tiga hari."},
    "export_create": {"proposal": "INV-2022-0001"},
    "message_create": {"audience": "everyone", "text": "Apakah data dasar tahun 2021 sudah tersedia?"},
    "review": {
        "recommendation": "feasible",
        "scores": {"renewal": 85, "benefit": 90, "no_burden": 80, "authority": 90, "replicable": 75},
        "comment": "Manfaatnya jelas; lengkapi rencana pemeliharaan sistem.",
    },
}
CURL_FILES = {
    "api_evidence.add": "-F 'file=@surat.pdf' -F 'field=permission' -F 'letter_number=800/12/2022'",
    "api_imports.add": "-F 'file=@registri.xlsx' -F 'kind=registry' -F 'dry_run=true'",
}
