#include "tools/load/kafka/producer_settings.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::load {
namespace {

using properties = std::map<std::string, std::string>;

/// Batches are large, and gathered for a few milliseconds.
const properties& defaults() {
  static const properties all{
      {"linger.ms", "5"},
      {"batch.num.messages", "50000"},
      {"batch.size", "1000000"},
      {"partitioner", "murmur2_random"},  // places keys as Kafka's own clients do
      {"enable.idempotence", "true"},
  };
  return all;
}

/// librdkafka numbers the batches of at most this many requests under way.
constexpr int most_in_flight = 5;

bool is_number(const std::string& text, auto holds) {
  int n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  return failed == std::errc() && end == text.data() + text.size() && holds(n);
}

/// librdkafka refuses these values beside `enable.idempotence`: the user wants what they do.
bool is_at_odds_with_idempotence(const properties& given) {
  return std::ranges::any_of(given, [](const auto& p) {
    const auto& [name, value] = p;
    if (name == "acks" || name == "request.required.acks")
      return value != "all" && value != "-1";
    if (name == "max.in.flight.requests.per.connection" || name == "max.in.flight")
      return is_number(value, [](int n) { return n > most_in_flight; });
    if (name == "retries" || name == "message.send.max.retries")
      return is_number(value, [](int n) { return n == 0; });
    return name == "queuing.strategy" && value == "lifo";
  });
}

}  // namespace

properties producer_settings(const properties& given) {
  auto out = given;
  out.insert(defaults().begin(), defaults().end());
  if (!given.contains("enable.idempotence") && is_at_odds_with_idempotence(given))
    out.erase("enable.idempotence");
  return out;
}

bool is_of_producer(const std::string& name) { return defaults().contains(name); }

}  // namespace millrace::load
