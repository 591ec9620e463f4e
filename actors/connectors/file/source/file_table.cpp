#include "actors/connectors/file/source/file_table.hpp"

#include "actors/connectors/file/source/bounded_reader.hpp"
#include "runtime/data/json_member.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sys/stat.h>
#include <utility>

namespace millrace::source {
namespace {

constexpr std::size_t read_at_once = std::size_t{1} << 20;
constexpr std::chrono::milliseconds at_most{2'000};
/// A file that has changed at so many looks is told of: it is never read.
constexpr int most_changes = 10;

/// A content of the file, as far as the file system tells.
struct content {
  dev_t device = 0;
  ino_t inode = 0;
  off_t bytes = 0;
  event_micros modified = 0;
  bool operator==(const content&) const = default;
};

class file_table : public polled_table {
public:
  file_table(file_table_options options, const wall_clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  expected<bool> read(const taker& take) override {
    ASSIGN_OR_RETURN(const auto now, look());
    if (now == read_)
      return false;
    if (now != seen_ && now.modified > clock_.now() - options_.quiet.count())
      return wait_for_quiet(now);
    RETURN_IF_ERROR(read_all(take));
    ASSIGN_OR_RETURN(const auto then, look());
    if (then != now) {
      seen_ = then;
      return outside_error(ec::unavailable,
                           fmt::format("{}: it was written to while it was read; write another file and "
                                       "rename it to this name",
                                       options_.path));
    }
    seen_ = read_ = now;
    changes_ = 0;
    return true;
  }

  void interrupt() override { interrupted_ = true; }
  std::string shown() const override { return options_.path; }

protected:
  /// Begins before the first record of the file, whose columns the header names, where there is one.
  virtual expected<void> begin(const std::optional<header_line>& header, const taker& take) = 0;
  virtual expected<void> take_record(std::string_view record, const taker& take) = 0;

  [[nodiscard]] unexpected bad_record(std::string_view record, std::string_view why) const {
    return user_error(ec::refused, fmt::format("{}: {}: {}", options_.path, why, data::excerpt(record, 200)));
  }

  file_table_options options_;

private:
  expected<content> look() const {
    struct stat found {};
    if (::stat(options_.path.c_str(), &found) != 0)
      return user_error(ec::not_found, fmt::format("{}: {}", options_.path, std::strerror(errno)));
    return content{found.st_dev, found.st_ino, found.st_size,
                   event_micros{found.st_mtim.tv_sec} * 1'000'000 + found.st_mtim.tv_nsec / 1'000};
  }

  /// Whoever writes may not be done: it is read when the next look finds it as it is now.
  expected<bool> wait_for_quiet(const content& now) {
    seen_ = now;
    if (++changes_ < most_changes)
      return false;
    return outside_error(
        ec::unavailable,
        fmt::format("{}: it was written to between each of the last {} looks, and so was not "
                    "read; write another file and rename it to this name",
                    options_.path, changes_));
  }

  expected<void> read_all(const taker& take) {
    bounded_reader reader(options_.path, false, options_.wanted);
    RETURN_IF_ERROR(reader.discover(at_most));
    const std::vector<std::string> whole{std::string(whole_log)};
    RETURN_IF_ERROR(reader.assign(whole.front(), {}));
    bool has_begun = false;
    for (bool at_end = false; !at_end;) {
      ASSIGN_OR_RETURN(const auto c, reader.read(whole, read_at_once, at_most));
      if (interrupted_)
        return unexpected(error{ec::cancelled, fault::ours, false, "the reading was ended", {}});
      if (!c)
        continue;
      if (!std::exchange(has_begun, true))
        RETURN_IF_ERROR(begin(c->header, take));
      RETURN_IF_ERROR(take_records(*c, take));
      at_end = c->at_end;
    }
    return {};
  }

  expected<void> take_records(const chunk& c, const taker& take) {
    for (std::size_t i = 0; i < c.records(); ++i) {
      const auto record = data::without_line_end(data::without_byte_order_mark(c.record(i)));
      if (record.empty() || (c.header && c.positions[i] == c.header->at))
        continue;
      if (c.is_cut(i))
        return bad_record(record, "this record is cut off");
      RETURN_IF_ERROR(take_record(record, take));
    }
    return {};
  }

  const wall_clock& clock_;
  content read_;  // whole
  content seen_;
  int changes_ = 0;  // looks in a row that found another content
  std::atomic<bool> interrupted_{false};
};

/// A record keeps its members as they are, behind its key and whether it is gone: of two of a name the last one counts.
class json_table final : public file_table {
public:
  using file_table::file_table;

private:
  expected<void> begin(const std::optional<header_line>&, const taker& take) override {
    return take.columns(options_.key);
  }

  expected<void> take_record(std::string_view record, const taker& take) override {
    const auto first = record.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
      return {};
    if (record[first] != '{')
      return bad_record(record, "expected an object a record");
    if (!members_.written(record, options_.deleted).empty())
      return bad_record(record,
                        fmt::format("it has a member \"{}\", which says whether a row is gone; give that "
                                    "another name, with `deleted`",
                                    options_.deleted));
    key_.clear();
    for (const auto& name : options_.key) {
      key_ += key_.empty() ? '{' : ',';
      data::append_json_string(key_, name);
      key_ += ':';
      const auto written = members_.written(record, name);
      if (written.starts_with('{') || written.starts_with('['))
        return bad_record(record, fmt::format("\"{}\", of its key, is not a text, number or boolean", name));
      if (written.starts_with('"'))
        data::append_json_string(key_, members_.find(record, name).value_or(""));
      else
        key_ += written.empty() ? "null" : plain_number(written);
    }
    const auto members =
        record.substr(std::min(record.find_first_not_of(" \t\r\n", first + 1), record.size()));
    rest_.assign(members.starts_with('}') ? "" : ",").append(members);
    return take.row(key_, rest_);
  }

  data::member_finder members_;
  std::string key_;
  std::string rest_;
};

class csv_table final : public file_table {
public:
  csv_table(file_table_options options, const wall_clock& clock)
      : file_table(std::move(options), clock), dialect_(std::get<data::csv_dialect>(options_.wanted.frame)) {}

  std::string end_of_gone(const std::vector<std::string>& columns) const override {
    return std::string(columns.size() - options_.key.size(), dialect_.delimiter);
  }

  std::optional<std::string> header(const std::vector<std::string>& columns) const override {
    std::string out;
    const auto add = [&](std::string_view name) {
      if (!out.empty())
        out += dialect_.delimiter;
      append_csv_field(out, name, dialect_);
    };
    for (const auto& name : options_.key)
      add(name);
    add(options_.deleted);
    for (const auto& name : columns)
      if (std::ranges::find(options_.key, name) == options_.key.end())
        add(name);
    return out;
  }

private:
  expected<void> begin(const std::optional<header_line>& header, const taker& take) override {
    if (!header)
      return user_error(ec::mismatch, fmt::format("{}: it has no header line", options_.path));
    std::vector<std::string> names;
    const auto line = data::without_line_end(data::without_byte_order_mark(header->text));
    for (const auto field : csv_fields_of(line, dialect_))
      names.push_back(csv_text_of(field, dialect_));
    RETURN_IF_ERROR(take.columns(names));
    width_ = names.size();
    places_.clear();
    for (const auto& name : options_.key)
      places_.push_back(static_cast<std::size_t>(std::ranges::find(names, name) - names.begin()));
    return {};
  }

  expected<void> take_record(std::string_view record, const taker& take) override {
    const auto fields = csv_fields_of(record, dialect_);
    if (fields.size() != width_)
      return bad_record(
          record, fmt::format("expected {} fields as in the header, and it has {}", width_, fields.size()));
    key_.clear();
    for (const auto at : places_) {
      if (at != places_.front())
        key_ += dialect_.delimiter;
      append_csv_field(key_, csv_text_of(fields[at], dialect_), dialect_);
    }
    rest_.clear();
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (std::ranges::find(places_, i) == places_.end())
        (rest_ += dialect_.delimiter) += fields[i];
    return take.row(key_, rest_);
  }

  data::csv_dialect dialect_;
  std::size_t width_ = 0;
  std::vector<std::size_t> places_;  // of the key's fields
  std::string key_;
  std::string rest_;
};

bool is_csv(const file_table_options& options) {
  return std::holds_alternative<data::csv_dialect>(options.wanted.frame);
}

}  // namespace

expected<record_form> form_of_file_table(const file_table_options& options) {
  if (!is_csv(options))
    return form_of_json(options.deleted, options.key.size());
  if (!options.wanted.header)
    return user_error(
        ec::invalid_argument,
        fmt::format("{}: a table of csv names its columns in its first line; expected \"header\": "
                    "true at the parser",
                    options.path));
  return form_of_csv(std::get<data::csv_dialect>(options.wanted.frame), options.key.size());
}

std::unique_ptr<polled_table> make_file_table(file_table_options options, const wall_clock& clock) {
  if (is_csv(options))
    return std::make_unique<csv_table>(std::move(options), clock);
  return std::make_unique<json_table>(std::move(options), clock);
}

}  // namespace millrace::source
