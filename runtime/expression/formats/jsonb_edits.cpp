#include "runtime/expression/formats/jsonb_edits.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/jsonb_order.hpp"
#include "runtime/expression/formats/jsonb_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::expression {
namespace {

/// Gives the text between the brackets, of a scalar all of it.
std::string_view inside(std::string_view jsonb) {
  return is_jsonb_scalar(jsonb) ? jsonb : jsonb.substr(1, jsonb.size() - 2);
}

void append_item(std::string& out, std::string_view item) {
  if (out.back() != '{' && out.back() != '[')
    out += ", ";
  out += item;
}

std::string_view item_of(std::string_view jsonb, const jsonb_items& items) {
  return jsonb.substr(items.begin(), items.end() - items.begin());
}

/// Both objects have their members in order; of equal names the second one's counts.
void append_merged(std::string& out, std::string_view a, std::string_view b) {
  jsonb_items left(a);
  jsonb_items right(b);
  const auto begin = out.size();
  const auto add = [&](std::string_view of, const jsonb_items& items) {
    out += out.size() == begin + 1 ? "" : ", ";
    out += item_of(of, items);
  };
  out += '{';
  bool more_left = left.next();
  bool more_right = right.next();
  while (more_left && more_right) {
    const auto order = order_of_names(left.name(), right.name());
    if (order < 0)
      add(a, left);
    else
      add(b, right);
    more_left = order <= 0 ? left.next() : more_left;
    more_right = order >= 0 ? right.next() : more_right;
  }
  for (; more_left; more_left = left.next())
    add(a, left);
  for (; more_right; more_right = right.next())
    add(b, right);
  out += '}';
}

/// A place in a text and what is written there instead of some bytes.
struct splice {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
};

/// Cuts out an item with the comma behind it, or before it where it is the last.
splice without_item(std::string_view container, std::size_t begin, std::size_t end) {
  if (container[end] == ',')
    return {begin, end + 2, {}};
  return {begin > 1 ? begin - 2 : begin, end, {}};
}

/// Writes an item in front of the place.
splice inserted(std::string_view container, std::size_t at, std::string item) {
  if (container.size() == 2)
    return {1, 1, std::move(item)};
  const bool behind_all = at == container.size() - 1;
  return {at, at, behind_all ? ", " + std::move(item) : std::move(item) + ", "};
}

/// One walk along a path; the splices are places of the whole text.
class path_walk {
public:
  path_walk(std::string_view jsonb, const list_value& path, std::string_view changed, path_edit how)
      : at_(jsonb), path_(path), changed_(changed), how_(how) {}

  /// The value stays as it is where this gives neither a place nor a problem.
  std::optional<splice> run(std::optional<std::string>& problem) {
    for (std::size_t level = 0; level < path_.size; ++level) {
      if (!path_.present(level)) {
        problem = fmt::format("the path's element at position {} is null", level + 1);
        return std::nullopt;
      }
      const auto step = path_.get<std::string_view>(level);
      const bool last = level + 1 == path_.size;
      found_.reset();
      next_ = {};
      if (at_[0] == '{')
        member(step, last, problem);
      else if (at_[0] == '[')
        element(step, level, last, problem);
      if (problem)
        return std::nullopt;
      if (found_) {
        found_->begin += offset_;
        found_->end += offset_;
        return found_;
      }
      if (next_.empty())
        return std::nullopt;
      offset_ += static_cast<std::size_t>(next_.data() - at_.data());
      at_ = next_;
    }
    return std::nullopt;
  }

private:
  [[nodiscard]] bool inserts() const {
    return how_ == path_edit::insert_before || how_ == path_edit::insert_after;
  }

  void member(std::string_view name, bool last, std::optional<std::string>& problem) {
    std::string own;
    append_jsonb_string(own, name);
    const auto escaped = std::string_view(own).substr(1, own.size() - 2);
    jsonb_items items(at_);
    auto place = at_.size() - 1;
    while (items.next()) {
      const auto order = order_of_names(items.name(), escaped);
      if (order < 0)
        continue;
      if (order > 0) {
        place = items.begin();
        break;
      }
      if (!last)
        next_ = items.value();
      else if (inserts())
        problem = fmt::format("the object has a member '{}' already; use jsonb_set to replace it",
                              data::excerpt(name));
      else if (how_ == path_edit::remove)
        found_ = without_item(at_, items.begin(), items.end());
      else
        found_ = splice{items.end() - items.value().size(), items.end(), std::string(changed_)};
      return;
    }
    if (last && (inserts() || how_ == path_edit::set))
      found_ = inserted(at_, place, own.append(": ").append(changed_));
  }

  void element(std::string_view step, std::size_t level, bool last, std::optional<std::string>& problem) {
    const auto index = index_of_step(step);
    if (!index) {
      problem = fmt::format("the path's element at position {} is not an integer: '{}'", level + 1,
                            data::excerpt(step));
      return;
    }
    const auto size = *elements_in(at_);
    auto wanted = *index < 0 ? *index + size : std::min(*index, size);
    const bool creates = last && (inserts() || how_ == path_edit::set);
    if (creates && (wanted < 0 || size == 0)) {
      found_ = inserted(at_, 1, std::string(changed_));
      return;
    }
    if (wanted == size && creates) {
      found_ = inserted(at_, at_.size() - 1, std::string(changed_));
      return;
    }
    jsonb_items items(at_);
    while (items.next() && wanted-- > 0) {
    }
    if (*index + (*index < 0 ? size : 0) < 0 || *index >= size)
      return;
    if (!last)
      next_ = items.value();
    else if (how_ == path_edit::insert_before)
      found_ = inserted(at_, items.begin(), std::string(changed_));
    else if (how_ == path_edit::insert_after)
      found_ = splice{items.end(), items.end(), fmt::format(", {}", changed_)};
    else if (how_ == path_edit::remove)
      found_ = without_item(at_, items.begin(), items.end());
    else
      found_ = splice{items.begin(), items.end(), std::string(changed_)};
  }

  std::string_view at_;
  const list_value& path_;
  std::string_view changed_;
  path_edit how_;
  std::size_t offset_ = 0;  // of at_ in the whole text
  std::optional<splice> found_;
  std::string_view next_;
};

}  // namespace

void append_concatenated(std::string& out, std::string_view a, std::string_view b) {
  if (a[0] == '{' && b[0] == '{')
    return append_merged(out, a, b);
  const auto left = a[0] == '{' ? a : inside(a);
  const auto right = b[0] == '{' ? b : inside(b);
  out.append(1, '[')
      .append(left)
      .append(left.empty() || right.empty() ? "" : ", ")
      .append(right)
      .append(1, ']');
}

text_set::text_set(const list_value& texts) {
  for (std::size_t i = 0; i < texts.size; ++i)
    if (texts.present(i))
      sorted_.push_back(texts.get<std::string_view>(i));
  std::sort(sorted_.begin(), sorted_.end());
}

bool text_set::has(std::string_view text) const {
  return std::binary_search(sorted_.begin(), sorted_.end(), text);
}

void append_without(std::string& out, std::string_view jsonb, const text_set& removed) {
  std::string plain;
  const auto is_removed = [&](std::string_view escaped) {
    plain.clear();
    return append_unescaped(plain, escaped) && removed.has(plain);
  };
  const bool object = jsonb[0] == '{';
  out += jsonb[0];
  for (jsonb_items items(jsonb); items.next();) {
    const auto value = items.value();
    if (object ? is_removed(items.name()) : value[0] == '"' && is_removed(value.substr(1, value.size() - 2)))
      continue;
    append_item(out, item_of(jsonb, items));
  }
  out += jsonb.back();
}

void append_without_element(std::string& out, std::string_view list, std::int64_t index) {
  auto left = index < 0 ? index + *elements_in(list) : index;
  out += '[';
  for (jsonb_items items(list); items.next();)
    if (left-- != 0)
      append_item(out, items.value());
  out += ']';
}

std::optional<std::string> append_edited(std::string& out, std::string_view jsonb, const list_value& path,
                                         std::string_view changed, path_edit how) {
  std::optional<std::string> problem;
  const auto edit = path_walk(jsonb, path, changed, how).run(problem);
  if (!edit)
    out += jsonb;
  else
    out.append(jsonb.substr(0, edit->begin)).append(edit->text).append(jsonb.substr(edit->end));
  return problem;
}

std::optional<std::int64_t> index_of_step(std::string_view step) {
  step.remove_prefix(std::min(step.find_first_not_of(" \t\n\v\f\r"), step.size()));
  const bool plus = step.starts_with('+');
  step.remove_prefix(plus ? 1 : 0);
  if (plus && step.starts_with('-'))
    return std::nullopt;
  std::int32_t index = 0;
  const auto* const end = step.data() + step.size();
  const auto [at, failed] = std::from_chars(step.data(), end, index);
  return failed == std::errc{} && at == end ? std::optional<std::int64_t>(index) : std::nullopt;
}

}  // namespace millrace::expression
