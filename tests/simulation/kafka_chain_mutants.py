"""Rules of a chain in a Kafka topic, each with the change that leaves it out, in the form of mutants.py.

tests/property/chain finds them over a topic in memory, or where its schedules cannot see a rule (damage, two
instances under one count, who waits for what), tests/unit/kafka_store.
"""

KAFKA_CHAIN_MUTANTS = [
    ("kafka_void", "R1: a record behind one of a higher life is void", "actors/node/stores/kafka/view.cpp",
     "  const bool is_void = name.by < highest_;  // R1", "  const bool is_void = false;"),
    ("kafka_tombstone", "R1: a tombstone shows that its life has opened", "actors/node/stores/kafka/view.cpp",
     "  highest_ = std::max(highest_, name.by);\n  if (s.is_tombstone) {\n",
     "  if (!s.is_tombstone)\n    highest_ = std::max(highest_, name.by);\n  if (s.is_tombstone) {\n"),
    ("kafka_reads_on", "R2: an opening goes on from all that stands before it", "actors/node/stores/kafka/kafka_chain.cpp",
     "      .and_then([&](std::uint64_t place) { return read_on(seen_, place + 1); })",
     "      .and_then([&](std::uint64_t) -> expected<void> {\n"
     "        seen_.take({seen_.position(), {{me_, 0, record_kind::opening}, 0}, false, std::nullopt}, {});\n"
     "        return {};\n      })"),
    ("kafka_race", "R2: an opening that meets a higher one of its term tries again", "actors/node/stores/kafka/kafka_chain.cpp",
     "      .map([&] { return seen_.highest() == me_; });", "      .map([&] { return true; });"),
    ("kafka_chosen", "R2: who has chosen a term that is taken appends nothing", "actors/node/stores/kafka/kafka_chain.cpp",
     "  if (chain::is_taken(chosen, seen_.highest().life)) {", "  if (false) {"),
    ("kafka_twins", "two openings under one count are two lives", "actors/node/stores/kafka/kafka_chain.cpp",
     "  me_.opening = topic_->unique();\n", ""),
    ("kafka_look", "R3: a look that shows a higher life fences", "actors/node/stores/kafka/kafka_chain.cpp",
     "    return not_known(done.error());\n  if (seen_.highest() > me_)\n    return fenced();",
     "    return not_known(done.error());"),
    ("kafka_look_end", "R3: a look reads to the end, not to its own place", "actors/node/stores/kafka/follower.cpp",
     "partitions_[partition].end > place", "partitions_[partition].position > place"),
    ("kafka_verified", "R3: a record counts when it reads back as it was written", "actors/node/stores/kafka/kafka_chain.cpp",
     "  if (!seen_.has_whole(name))", "  if (false)"),
    ("kafka_unsure", "R4: nothing more is written under a life of which an append has failed",
     "actors/node/stores/kafka/kafka_chain.cpp", "  is_unsure_ = true;\n", ""),
    ("kafka_names", "R4: a raised opening names the last record that is known to count", "actors/node/stores/kafka/kafka_chain.cpp",
     "store({me_, tail_ + 1, record_kind::opening}, {})", "store({me_, 0, record_kind::opening}, {})"),
    ("kafka_passes_over", "R4: what a raised opening does not name does not count", "actors/node/stores/kafka/view.cpp",
     "    pass_over_above(name.number - 1);", "    (void)name;"),
    ("kafka_own_tail", "R4: nor does it where the life that failed reads again", "actors/node/stores/kafka/kafka_chain.cpp",
     "  again.pass_over_above(tail_);\n", ""),
    ("kafka_base_counts", "R4: tombstones go out once the base behind them counts", "actors/node/stores/kafka/kafka_chain.cpp",
     "  ASSIGN_OR_RETURN(const auto name, append_record(record_kind::base, base));",
     "  trim(seen_.position());\n  ASSIGN_OR_RETURN(const auto name, append_record(record_kind::base, base));"),
    ("kafka_generations", "two generations are kept", "actors/node/stores/kafka/kafka_chain.cpp",
     "std::exchange(base_at_, seen_.begin_of(name))", "(base_at_ = seen_.begin_of(name))"),
    ("kafka_reuse", "no key is used twice, not even for the bases of one life", "actors/node/stores/kafka/kafka_chain.cpp",
     "  const record_name name{me_, tail_ + 1, kind};",
     "  const record_name name{me_, kind == record_kind::base ? 1 : tail_ + 1, kind};"),
    ("kafka_hole", "records are numbered without a hole, and a reader sees one", "actors/node/stores/kafka/view.cpp",
     "      if (number != *wanted)\n        return missing(", "      if (false)\n        return missing("),
    ("kafka_again", "a hole means to read again", "actors/node/stores/kafka/kafka_chain.cpp",
     "    all = seen_.restore(shown());\n  }", "  }"),
    ("kafka_last_piece", "a record counts where its last piece stands", "actors/node/stores/kafka/view.cpp",
     "  if (!is_damaged && !(last->checksum && is_complete(h)))\n    return;\n  h.place = offset;\n"
     "  h.state = is_void ? standing::is_void : standing::counts;",
     "  const bool was_void = h.state == standing::is_void || (h.parts.size() == 1 && is_void);\n"
     "  h.state = was_void ? standing::is_void : standing::incomplete;\n"
     "  if (!is_damaged && !(last->checksum && is_complete(h)))\n    return;\n  h.place = offset;\n"
     "  h.state = was_void ? standing::is_void : standing::counts;"),
    ("kafka_pieces", "a record counts with all its pieces", "actors/node/stores/kafka/view.cpp",
     " && h.parts.size() == p.digest->pieces;", ";"),
    ("kafka_partly_gone", "a record that a tombstone has begun to remove does not count", "actors/node/stores/kafka/view.cpp",
     "  found->second.state = standing::incomplete;", "  //"),
    ("kafka_stale", "messages that are fetched again are passed over", "actors/node/stores/kafka/follower.cpp",
     "  if (offset < position)\n    return;\n", ""),
    ("kafka_waiting", "what waits between two looks is bounded", "actors/node/stores/kafka/follower.cpp",
     "    if (waiting.size() < most_waiting)", "    if (true)"),
]
