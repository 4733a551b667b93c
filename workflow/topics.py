"""What a webhook may ask for: families of events, which are what stands before the dot of their names."""

from workflow.policy import CONFIDENTIAL

TOPICS = {
    "case": "Usulan dibuat, diubah, diimpor",
    "pkp_proposal": "Langkah tahap usulan inovasi",
    "opd_pilot": "Langkah tahap uji coba",
    "replication": "Langkah tahap replikasi",
    "competition": "Langkah tahap lomba IGA",
    "adoption": "Langkah adopsi",
    "claim": "Klaim indikator",
    "evidence": "Bukti dukung",
    "people": "Penugasan dan serah terima",
    "deadline": "Tenggat",
    "round": "Putaran penelaahan",
    "desk": "Klinik pendampingan",
    "seminar": "Jadwal dan kehadiran seminar",
}


def wanted(topics: list[str], name: str) -> bool:
    """Whether an event of this name is told; what people said of themselves never is."""
    return name not in CONFIDENTIAL and (not topics or name.partition(".")[0] in topics)
