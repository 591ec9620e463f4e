#include "actors/replay/letter.hpp"

#include "actors/connectors/file/sink/numbered_files.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>

namespace millrace::replay {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 128U << 20U;
constexpr std::size_t read_at_once = 1U << 20U;
/// Damaged lines that are named, not only counted.
constexpr std::size_t most_named = 10;
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

/// The lines of a file of letters, given in pieces.
class letter_lines {
public:
  letter_lines(std::string name, const std::function<expected<void>(letter&&)>& visit)
      : name_(std::move(name)), visit_(visit) {}

  [[nodiscard]] const letters_read& read() const { return out_; }

  expected<void> take(std::string_view bytes) {
    out_.bytes += bytes.size();
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      add(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
      RETURN_IF_ERROR(take_line(true));
    }
    add(bytes);
    return {};
  }

  expected<letters_read> end() {
    RETURN_IF_ERROR(take_line(false));
    return std::move(out_);
  }

private:
  void add(std::string_view bytes) {
    too_long_ = too_long_ || line_.size() + bytes.size() > longest_line;
    if (!too_long_)
      line_.append(bytes);
  }

  expected<void> take_line(bool whole) {
    ++number_;
    const auto line = std::exchange(line_, {});
    if (std::exchange(too_long_, false)) {
      damaged("the line has more than 128 MB");
      return {};
    }
    if (line.empty())
      return {};
    auto parsed = parse_letter(line);
    if (!parsed && !whole) {
      out_.cut_off = true;  // somebody is writing it just now, or was killed then
      return {};
    }
    if (!parsed) {
      damaged(parsed.error().message);
      return {};
    }
    ++out_.letters;
    return visit_(std::move(*parsed));
  }

  void damaged(std::string_view why) {
    if (out_.damaged.size() < most_named)
      out_.damaged.push_back(fmt::format("{}:{}: {}", name_, number_, why));
    else
      ++out_.more_damaged;
  }

  std::string name_;
  const std::function<expected<void>(letter&&)>& visit_;
  std::string line_;
  std::uint64_t number_ = 0;
  bool too_long_ = false;
  letters_read out_;
};

}  // namespace

expected<letter> parse_letter(std::string_view line) {
  json::stream_parser parser;
  json::error_code failed;
  const auto taken = parser.write_some(line.data(), line.size(), failed);
  if (!failed)
    parser.finish(failed);
  if (failed || taken != line.size())
    return wrong(fmt::format("column {}: is not a JSON object: {}", taken + 1,
                             failed ? failed.message() : "more follows after its end"));
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
  const auto at = time ? expression::parse_timestamp(*time) : expected<event_micros>(wrong(""));
  if (!at)
    return wrong("\"time\" is missing, or not a timestamp");
  out.time = *at;
  ASSIGN_OR_RETURN(auto record, record_of(o));
  out.record = std::move(record);
  return out;
}

std::vector<std::string> files_of_letters(const std::string& name) {
  const std::filesystem::path path(name);
  std::vector<std::string> files;
  if (path.filename() == "dead_letters.jsonl")
    for (const auto number : sink::numbers_beside(path))
      files.push_back(sink::numbered(path, number).string());
  // The file is missing, or empty, between the making of the last part and the next letter.
  if (std::error_code failed; files.empty() || std::filesystem::exists(path, failed))
    files.push_back(name);
  return files;
}

expected<letters_read> read_letters(const std::string& file, std::uint64_t limit,
                                    const std::function<expected<void>(letter&&)>& visit) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return user_error(ec::not_found, fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  letter_lines lines(file, visit);
  std::string block(read_at_once, '\0');
  while (lines.read().bytes < limit) {
    const auto most = std::min<std::uint64_t>(block.size(), limit - lines.read().bytes);
    in.read(block.data(), static_cast<std::streamsize>(most));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0)
      break;
    RETURN_IF_ERROR(lines.take(std::string_view(block).substr(0, got)));
  }
  if (in.bad() || (limit != 0 && lines.read().bytes == 0 && !in.eof()))
    return user_error(ec::io, fmt::format("{}: cannot be read; expected a file of dead letters", file));
  return lines.end();
}

expected<letters_read> read_letters_in(std::string_view text, const std::string& name,
                                       const std::function<expected<void>(letter&&)>& visit) {
  letter_lines lines(name, visit);
  return lines.take(text).and_then([&] { return lines.end(); });
}

}  // namespace millrace::replay
