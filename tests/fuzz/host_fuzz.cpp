// Arbitrary bytes as what the processes of a cluster keep for each other in the store, or ask each other for their
// APIs' clients: plans, addresses, dead letters, questions and their answers. Each is refused with a reason, or is
// read again as the same.
#include "actors/node/host/address_book.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/question.hpp"
#include "actors/stream/sink/letters/letter_record.hpp"
#include "actors/stream/spool/chain_record.hpp"
#include "tests/fuzz/require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using fuzz::require;

void look(const error& e) {
  require(!e.message.empty(), "a refusal has a reason");
  require(e.code == ec::corrupt || e.code == ec::unsupported, "it is damage, or of a later version");
}

/// Checks that bytes which `decode` reads are read as the same once they are written again.
template<class Decode, class Encode>
void read_twice(std::string_view bytes, Decode decode, Encode encode) {
  const auto once = decode(bytes);
  if (!once)
    return look(once.error());
  const auto twice = decode(encode(*once));
  require(twice.has_value(), "what was read can be written and read");
  require(*twice == *once, "what was read is read again");
}

void read_question(std::string_view bytes) {
  const auto q = host::decode_question(bytes);
  if (!q)
    return look(q.error());
  const auto again = host::decode_question(host::encode_question(*q));
  require(again && again->number == q->number && again->what == q->what, "a question is read again");
}

/// A client takes the body for what it has asked.
void read_answer(std::string_view bytes) {
  const auto a = host::decode_answer(bytes);
  if (!a)
    return look(a.error());
  for (const api::request& asked :
       {api::request(api::requests::list{}), api::request(api::requests::nodes{}),
        api::request(api::requests::wait{}), api::request(api::requests::dead_letters{}),
        api::request(api::requests::report{})})
    if (const auto read = api::read_answer(asked, a->status, a->body); !read)
      require(!read.error().message.empty(), "a refusal has a reason");
}

/// The commits of an open part, joined.
void join_letters(FuzzedDataProvider& in) {
  chain::contents found;
  while (in.remaining_bytes() > 0 && found.increments.size() < 8)
    found.increments.push_back(in.ConsumeRandomLengthString());
  const auto all = sink::open_part_of(std::move(found));
  if (!all)
    return look(all.error());
  if (*all)
    require(sink::decode_letters(sink::encode_letters(**all)) == **all, "what was joined can be read");
}

/// The groups of a spool, joined.
void join_groups(FuzzedDataProvider& in) {
  using what = spool::chain_record::what;
  chain::contents found;
  while (in.remaining_bytes() > 0 && found.increments.size() < 8)
    found.increments.push_back(in.ConsumeBool()
                                   ? in.ConsumeRandomLengthString()
                                   : spool::encode_record({in.ConsumeBool() ? what::begun : what::appended,
                                                           {{in.ConsumeIntegralInRange<std::uint64_t>(0, 3),
                                                             0, in.ConsumeRandomLengthString(8)}}}));
  const auto all = spool::segments_of(std::move(found));
  if (!all)
    return look(all.error());
  for (std::size_t i = 1; i < all->size(); ++i)
    require((*all)[i - 1].base < (*all)[i].base, "segments are ascending");
  const auto again = spool::decode_record(spool::encode_record({what::all, *all}));
  require(again && again->segments == *all, "what was joined can be read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  const auto which = in.ConsumeIntegralInRange<int>(0, 7);
  if (which == 5) {
    join_letters(in);
    return 0;
  }
  if (which == 6) {
    join_groups(in);
    return 0;
  }
  const auto bytes = in.ConsumeRemainingBytesAsString();
  if (which == 0)
    read_twice(bytes, host::decode_plan, host::encode_plan);
  else if (which == 1)
    read_twice(bytes, host::decode_addresses, host::encode_addresses);
  else if (which == 2)
    read_twice(bytes, sink::decode_letters, sink::encode_letters);
  else if (which == 7)
    read_twice(bytes, spool::decode_record, spool::encode_record);
  else if (which == 3)
    read_question(bytes);
  else
    read_answer(bytes);
  return 0;
}
