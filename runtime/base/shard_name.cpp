#include "runtime/base/shard_name.hpp"

#include <charconv>
#include <utility>

namespace millrace {
namespace {

/// Digits as std::to_string writes them, so that two texts never name the same shard.
template<class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool is_padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != text.data() + text.size() || is_padded)
    return std::nullopt;
  return out;
}

/// Returns the text before the last '/', and the text after it.
std::pair<std::string_view, std::string_view> split_last(std::string_view text) {
  const auto slash = text.rfind('/');
  return slash == std::string_view::npos ? std::pair{std::string_view(), std::string_view()}
                                         : std::pair{text.substr(0, slash), text.substr(slash + 1)};
}

}  // namespace

std::string to_string(const shard_name& n) {
  return n.window + "/" + std::to_string(n.generation) + "/" + std::to_string(n.shard);
}

std::optional<shard_name> parse_shard_name(std::string_view text) {
  const auto [rest, shard] = split_last(text);
  const auto [window, generation] = split_last(rest);
  const auto number = parse_number<std::uint64_t>(generation);
  return number ? parse_lasting_name(std::string(window) + "/" + std::string(shard), *number) : std::nullopt;
}

std::string lasting_name(const shard_name& n) { return n.window + "/" + std::to_string(n.shard); }

std::string stage_of_actor(const std::string& actor) { return actor.substr(0, actor.find('/')); }

std::string meant_actor(const std::string& topology, const std::string& who) {
  if (!who.starts_with(topology + '/'))
    return who;
  const auto rest = who.substr(topology.size() + 1);
  return rest.find_first_not_of("0123456789/") == std::string::npos ? who : rest;
}

bool is_meant_by(const std::string& who, const std::string& actor) {
  return lasting_name(actor) == who || actor == who || stage_of_actor(actor) == who;
}

std::string lasting_name(const std::string& actor) {
  const auto shard = parse_shard_name(actor);
  return shard ? lasting_name(*shard) : actor;
}

std::string name_in_logs(const std::string& topology, const std::string& actor) {
  return topology.empty() ? lasting_name(actor) : topology + '/' + lasting_name(actor);
}

std::optional<shard_name> parse_lasting_name(std::string_view text, std::uint64_t generation) {
  const auto [window, shard] = split_last(text);
  const auto number = parse_number<std::uint32_t>(shard);
  if (!number || window.empty() || window.find('/') != std::string_view::npos)
    return std::nullopt;
  return shard_name{std::string(window), generation, *number};
}

}  // namespace millrace
