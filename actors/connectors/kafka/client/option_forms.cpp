#include "actors/connectors/kafka/client/option_forms.hpp"

#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::kafka {
namespace {

constexpr std::size_t longest_topic = 249;  // Kafka's own limit

/// Takes what librdkafka takes: a security protocol may stand in front, a missing port is 9092.
bool is_broker(std::string_view address) {
  if (const auto scheme = address.find("://"); scheme != std::string_view::npos) {
    const auto name = lower_case(address.substr(0, scheme));
    if (name != "plaintext" && name != "ssl" && name != "sasl_plaintext" && name != "sasl_ssl")
      return false;
    address.remove_prefix(scheme + 3);
  }
  const auto host_end = address.starts_with('[') ? address.find(']') : address.find(':');
  if (host_end == 0 || address.empty() || address.find_first_of(" /") != std::string_view::npos)
    return false;
  const auto colon = host_end == std::string_view::npos ? host_end : address.find(':', host_end);
  if (colon == std::string_view::npos)
    return true;
  const auto port = address.substr(colon + 1);
  int number = 0;
  const auto [rest, err] = std::from_chars(port.data(), port.data() + port.size(), number);
  return err == std::errc{} && rest == port.data() + port.size() && number > 0 && number <= 65'535;
}

}  // namespace

bool is_topic_name(std::string_view name) {
  if (name.find("${") != std::string_view::npos)
    return true;  // a variable that is not set, which was told
  return takes_as_topic(name);
}

bool takes_as_topic(std::string_view name) {
  return !name.empty() && name.size() <= longest_topic && name != "." && name != ".." &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

std::string no_topic_name(std::string_view name) {
  return fmt::format(
      "\"{}\" is not a topic's name; expected 1 to {} letters, digits, dots, underscores or hyphens",
      name.substr(0, longest_topic), longest_topic);
}

std::optional<std::string> problem_of_brokers(std::string_view brokers) {
  if (brokers.find("${") != std::string_view::npos)
    return std::nullopt;  // a variable that is not set, which was told
  while (true) {
    const auto comma = brokers.find(',');
    auto one = brokers.substr(0, comma);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    while (one.ends_with(' '))
      one.remove_suffix(1);
    if (!is_broker(one))
      return fmt::format(
          "\"{}\" is not a broker's address; expected host:port, such as \"localhost:9092\", or "
          "several with commas between",
          one.substr(0, longest_topic));
    if (comma == std::string_view::npos)
      return std::nullopt;
    brokers.remove_prefix(comma + 1);
  }
}

}  // namespace millrace::kafka
