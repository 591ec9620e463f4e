#include "actors/replay/letter.hpp"

#include "actors/sink/file/numbered_files.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

namespace millrace::replay {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 128U << 20U;
constexpr std::size_t read_at_once = 1U << 20U;
constexpr std::string_view remedy =
    "expected what millrace writes, an object a line with \"id\", \"stage\", \"partition\", \"position\", "
    "\"error\", \"record\" or \"record_base64\", and \"time\"";

unexpected wrong(std::string what) {
  return user_error(ec::invalid_argument, fmt::format("{}; {}", std::move(what), remedy));
}

const json::string* text(const json::object& o, std::string_view name) {
  const auto* const found = o.if_contains(name);
  return found ? found->if_string() : nullptr;
}

expected<std::string> record_of(const json::object& o) {
  if (const auto* const record = text(o, "record"))
    return std::string(*record);
  const auto* const encoded = text(o, "record_base64");
  if (!encoded)
    return wrong("neither \"record\" nor \"record_base64\" is a text");
  auto bytes = data::from_base64(*encoded);
  if (!bytes)
    return wrong("\"record_base64\" is not base64");
  return std::move(*bytes);
}

}  // namespace

expected<letter> parse_letter(std::string_view line) {
  json::stream_parser parser;
  json::error_code failed;
  const auto taken = parser.write_some(line.data(), line.size(), failed);
  if (!failed)
    parser.finish(failed);
  if (failed || taken != line.size())
    return wrong(fmt::format("column {}: is not a JSON object: {}", taken + 1,
                             failed ? failed.message() : "more follows behind its end"));
  const auto value = parser.release();
  if (!value.is_object())
    return wrong("is not a JSON object");
  const auto& o = value.get_object();
  letter out;
  for (const auto& [name, to] :
       {std::pair{"id", &out.id}, std::pair{"stage", &out.stage}, std::pair{"partition", &out.partition}}) {
    const auto* const found = text(o, name);
    if (!found || found->empty())
      return wrong(fmt::format("\"{}\" is missing, or not a text", name));
    to->assign(found->data(), found->size());
  }
  const auto* const position = o.if_contains("position");
  if (!position || !position->is_int64())
    return wrong("\"position\" is missing, or not a whole number");
  out.position = position->get_int64();
  const auto* const time = text(o, "time");
  const auto at = time ? parse_timestamp(*time) : expected<event_micros>(wrong(""));
  if (!at)
    return wrong("\"time\" is missing, or not a timestamp");
  out.time = *at;
  auto record = record_of(o);
  if (!record)
    return tl::make_unexpected(std::move(record.error()));
  out.record = std::move(*record);
  return out;
}

std::vector<std::string> files_of_letters(const std::string& name) {
  const std::filesystem::path path(name);
  std::vector<std::string> files;
  if (path.filename() == "dead_letters.jsonl")
    for (const auto number : sink::numbers_beside(path))
      files.push_back(sink::numbered(path, number).string());
  // Where the last part has been made, but no letter since: an empty file, or none.
  if (std::error_code failed; files.empty() || std::filesystem::exists(path, failed))
    files.push_back(name);
  return files;
}

expected<letters_read> read_letters(const std::string& file, std::uint64_t limit,
                                    const std::function<expected<void>(letter&&)>& visit) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return user_error(ec::not_found, fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  letters_read out;
  std::string line;
  std::uint64_t number = 0;
  const auto take = [&](bool whole) -> expected<void> {
    ++number;
    if (!line.empty()) {
      auto parsed = parse_letter(line);
      if (!parsed && !whole) {
        out.cut_off = true;  // somebody is writing it just now, or was killed then
        return {};
      }
      if (!parsed) {
        parsed.error().message = fmt::format("{}:{}: {}", file, number, parsed.error().message);
        return tl::make_unexpected(std::move(parsed.error()));
      }
      ++out.letters;
      if (auto visited = visit(std::move(*parsed)); !visited)
        return visited;
    }
    line.clear();
    return {};
  };
  std::string block(read_at_once, '\0');
  while (out.bytes < limit) {
    const auto most = std::min<std::uint64_t>(block.size(), limit - out.bytes);
    in.read(block.data(), static_cast<std::streamsize>(most));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0)
      break;
    out.bytes += got;
    std::string_view rest(block.data(), got);
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      line.append(rest.substr(0, end));
      rest.remove_prefix(end + 1);
      if (auto taken = take(true); !taken)
        return tl::make_unexpected(std::move(taken.error()));
    }
    line.append(rest);
    if (line.size() > longest_line)
      return user_error(ec::invalid_argument,
                        fmt::format("{}:{}: the line has more than 128 MB; {}", file, number + 1, remedy));
  }
  if (in.bad() || (limit != 0 && out.bytes == 0 && !in.eof()))
    return user_error(ec::io, fmt::format("{}: cannot be read; expected a file of dead letters", file));
  if (!line.empty())
    if (auto taken = take(false); !taken)
      return tl::make_unexpected(std::move(taken.error()));
  return out;
}

expected<letters_read> read_letters_in(std::string_view lines, const std::string& name,
                                       const std::function<expected<void>(letter&&)>& visit) {
  letters_read out{lines.size(), 0, false};
  for (std::uint64_t number = 1; !lines.empty(); ++number) {
    const auto end = lines.find('\n');
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty())
      continue;
    auto parsed = parse_letter(line);
    if (!parsed)
      return tl::make_unexpected(error{parsed.error().code,
                                       parsed.error().whose,
                                       false,
                                       fmt::format("{}:{}: {}", name, number, parsed.error().message),
                                       {}});
    ++out.letters;
    if (auto visited = visit(std::move(*parsed)); !visited)
      return tl::make_unexpected(std::move(visited.error()));
  }
  return out;
}

}  // namespace millrace::replay
