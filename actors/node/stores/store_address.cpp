#include "actors/node/stores/store_address.hpp"

#include "actors/connectors/kafka/client/option_forms.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>

#include <optional>

namespace millrace::node {
namespace {

constexpr std::string_view forms =
    "write --store dir:PATH, --store postgresql://USER@HOST/DATABASE or --store kafka:BROKERS[/TOPIC]";

unexpected refused(std::string_view why) {
  return user_error(ec::invalid_argument, fmt::format("the store {}; {}", why, forms));
}

/// The text after `scheme`, where it begins with that.
std::optional<std::string_view> behind(std::string_view text, std::string_view scheme) {
  if (!text.starts_with(scheme))
    return std::nullopt;
  return text.substr(scheme.size());
}

expected<store_address> parse_dir(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  if (path.empty())
    return refused("dir: names no folder");
  if (is_url(path))
    return refused("dir: names a URL, and its folder is on this machine or mounted there");
  if (path.find('\0') != std::string_view::npos)
    return refused("dir: names a folder with a zero byte");
  return dir_address{std::string(path)};
}

expected<store_address> parse_kafka(std::string_view rest) {
  const auto slash = rest.find('/');
  const auto brokers = rest.substr(0, slash);
  const auto topic = slash == std::string_view::npos ? default_chain_topic : rest.substr(slash + 1);
  if (brokers.empty() || brokers.starts_with(',') || brokers.ends_with(',') ||
      brokers.find(",,") != std::string_view::npos || brokers.find(' ') != std::string_view::npos)
    return refused("kafka: names no brokers, or an empty one");
  if (!kafka::takes_as_topic(topic))
    return refused("kafka: names a topic that Kafka does not take (letters, digits, '.', '_' and '-', 249 "
                   "at most)");
  return kafka_address{std::string(brokers), std::string(topic)};
}

}  // namespace

expected<store_address> parse_store_address(std::string_view text) {
  if (const auto path = behind(text, "dir:"))
    return parse_dir(*path);
  if (const auto rest = behind(text, "kafka:"))
    return parse_kafka(*rest);
  if (text.starts_with("postgresql://") && text != "postgresql://")
    return postgresql_address{std::string(text)};
  if (text.starts_with("postgresql:"))
    return refused("postgresql: is not a URI of a database");
  if (text.empty())
    return refused("is not named");
  return refused("is of a kind that is not known");
}

}  // namespace millrace::node
