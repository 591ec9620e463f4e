#include "runtime/data/type.hpp"

#include <array>
#include <utility>

namespace millrace::data {
namespace {

constexpr std::array<std::pair<std::string_view, type_id>, 6> scalar_names{{{"text", type_id::text},
                                                                            {"bigint", type_id::bigint},
                                                                            {"double", type_id::float64},
                                                                            {"boolean", type_id::boolean},
                                                                            {"timestamp", type_id::timestamp},
                                                                            {"json", type_id::json}}};

}  // namespace

type type::object_of(std::vector<field> fields) {
  type t(type_id::object);
  t.children_ = std::make_shared<const std::vector<field>>(std::move(fields));
  return t;
}

type type::list_of(type element) {
  type t(type_id::list);
  t.children_ =
      std::make_shared<const std::vector<field>>(std::vector<field>{{std::string{}, std::move(element)}});
  return t;
}

const type& type::element() const {
  static const type text;
  return id_ == type_id::list && children_ ? children_->front().type : text;
}

std::string type::name() const {
  if (id_ == type_id::list)
    return "[" + element().name() + "]";
  if (id_ == type_id::object) {
    std::string out = "{";
    for (const auto& f : fields())
      out += (out.size() > 1 ? ", " : "") + f.name + " " + f.type.name();
    return out + "}";
  }
  for (const auto& [name, id] : scalar_names)
    if (id == id_)
      return std::string(name);
  return "?";
}

bool operator==(const type& a, const type& b) {
  if (a.id_ != b.id_)
    return false;
  if (a.children_ == b.children_)
    return true;
  return a.children_ && b.children_ && *a.children_ == *b.children_;
}

std::optional<type_id> type_of_name(std::string_view name) {
  for (const auto& [known, id] : scalar_names)
    if (known == name)
      return id;
  return std::nullopt;
}

std::optional<std::size_t> schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name)
      return i;
  return std::nullopt;
}

}  // namespace millrace::data
