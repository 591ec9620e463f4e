// The record in a sink's side file: the golden bytes, and nothing shorter or longer taken for one.
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "tests/support/golden_file.hpp"

#include <string>
#include <string_view>

namespace millrace::sink {

/// Fills the fields that the records of all sinks have.
template<class Record>
Record owned_record() {
  Record r;
  r.owner = {"state", "topology", "sink", 7};
  r.since = -5;
  r.at.emplace();
  r.at->positions["parsed/0"] = {{9, whole}, 9'000'000};
  r.at->counters = "counters";
  r.at->batch = 4;
  return r;
}

/// Compares the record, and an empty one, with the golden files that begin like this; returns it as read back.
template<class Record, class Decode>
Record check_record_format(const std::string& golden, const Record& r, Decode decode) {
  const auto bytes = encode_record(r);
  test::check_golden(golden + "_1.bin", bytes);
  test::check_golden(golden + "_empty_1.bin", encode_record(Record{}));
  auto back = decode(bytes).value();
  CHECK(encode_record(back) == bytes);
  CHECK(back.at->batch == 4);
  CHECK_FALSE(decode(encode_record(Record{})).value().at);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, n)));
  CHECK_FALSE(decode(bytes + "x"));
  const auto later = decode('\2' + bytes.substr(1));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ec::unsupported);
  return back;
}

}  // namespace millrace::sink
