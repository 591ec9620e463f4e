#include "actors/registry/self_contained.hpp"

#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <unordered_map>

namespace millrace::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest_type = 128;
/// A type is an object in an array in an object, with a union two more.
constexpr std::size_t deepest_json = deepest_type * 5;

constexpr std::array<std::string_view, 8> primitives{"null",  "boolean", "int",   "long",
                                                     "float", "double",  "bytes", "string"};

std::string member_text(const json::object& o, std::string_view name) {
  const auto* const v = o.if_contains({name.data(), name.size()});
  const auto* const text = v ? v->if_string() : nullptr;
  return text ? std::string(text->begin(), text->end()) : std::string();
}

std::string space_of(std::string_view full) {
  const auto dot = full.rfind('.');
  return std::string(full.substr(0, dot == std::string_view::npos ? 0 : dot));
}

std::string full_name(const std::string& name, const std::string& space) {
  return space.empty() || name.find('.') != std::string::npos ? name : space + "." + name;
}

/// The full name that a definition gives itself within this namespace.
std::string defined_name(const json::object& o, const std::string& space) {
  return full_name(member_text(o, "name"), o.contains("namespace") ? member_text(o, "namespace") : space);
}

bool is_named(std::string_view type) {
  return type == "record" || type == "error" || type == "enum" || type == "fixed";
}

class inliner {
public:
  expected<void> add(std::string_view text) {
    ASSIGN_OR_RETURN(auto parsed, parse(text));
    documents_.push_back(std::make_unique<json::value>(std::move(parsed)));
    return collect(*documents_.back(), {}, 0) ? expected<void>() : too_deep();
  }

  expected<std::string> whole(std::string_view text) {
    ASSIGN_OR_RETURN(auto parsed, parse(text));
    if (!expand(parsed, {}, 0))
      return too_deep();
    return data::json_text(parsed);
  }

private:
  static expected<json::value> parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = deepest_json;
    boost::system::error_code failed;
    auto v = json::parse({text.data(), text.size()}, failed, {}, options);
    if (!failed)
      return v;
    return user_error(ec::invalid_argument, fmt::format("a schema is not JSON: {}", failed.message()));
  }

  static unexpected too_deep() {
    return user_error(ec::invalid_argument, fmt::format("types nest more than {} deep", deepest_type));
  }

  /// Notes the definitions in a referenced schema. False: it is too deep.
  bool collect(const json::value& v, const std::string& space, std::size_t depth) {
    if (depth > deepest_type)
      return false;
    if (const auto* const all = v.if_array())
      return std::all_of(all->begin(), all->end(),
                         [&](const auto& one) { return collect(one, space, depth + 1); });
    const auto* const o = v.if_object();
    if (o == nullptr)
      return true;
    const auto type = member_text(*o, "type");
    auto inner = space;
    if (is_named(type)) {
      const auto full = defined_name(*o, space);
      known_.emplace(full, o);
      inner = space_of(full);
    }
    return each_part(*o, type, [&](const json::value& part) { return collect(part, inner, depth + 1); });
  }

  /// Puts definitions in the place of the first use of their names. False: it is too deep.
  bool expand(json::value& v, const std::string& space, std::size_t depth) {
    if (depth > deepest_type)
      return false;
    if (v.is_string())
      return expand_name(v, space, depth);
    if (auto* const all = v.if_array())
      return std::all_of(all->begin(), all->end(), [&](auto& one) { return expand(one, space, depth + 1); });
    auto* const o = v.if_object();
    if (o == nullptr)
      return true;
    const auto type = member_text(*o, "type");
    auto inner = space;
    if (is_named(type)) {
      const auto full = defined_name(*o, space);
      if (!given_.insert(full).second && known_.contains(full)) {
        v = json::string_view(full.data(), full.size());
        return true;
      }
      inner = space_of(full);
    }
    return each_part(*o, type, [&](auto& part) { return expand(part, inner, depth + 1); });
  }

  bool expand_name(json::value& v, const std::string& space, std::size_t depth) {
    const std::string name(v.get_string().begin(), v.get_string().end());
    if (std::find(primitives.begin(), primitives.end(), name) != primitives.end())
      return true;
    auto full = full_name(name, space);
    if (!given_.contains(full) && !known_.contains(full))
      full = name;  // of no namespace
    const auto at = known_.find(full);
    if (at == known_.end())
      return true;
    if (given_.contains(full)) {
      v = json::string_view(full.data(), full.size());
      return true;
    }
    // Where it stands now, it would take the namespace around it.
    json::object definition = *at->second;
    definition["name"] = full;
    definition.erase("namespace");
    if (!space.empty() && full.find('.') == std::string::npos)
      definition["namespace"] = "";
    v = std::move(definition);
    return expand(v, space, depth + 1);
  }

  /// Calls `with` for each type within an object, in the order in which readers of Avro meet them.
  template<class Object, class With>
  static bool each_part(Object& o, std::string_view type, const With& with) {
    if (type == "record" || type == "error") {
      auto* const fields = o.if_contains("fields");
      auto* const all = fields ? fields->if_array() : nullptr;
      if (all == nullptr)
        return true;
      return std::all_of(all->begin(), all->end(), [&](auto& field) {
        auto* const f = field.if_object();
        auto* const t = f ? f->if_contains("type") : nullptr;
        return t == nullptr || with(*t);
      });
    }
    if (type == "enum" || type == "fixed")
      return true;
    auto* const part = o.if_contains(type == "array" ? "items" : type == "map" ? "values" : "type");
    return part == nullptr || with(*part);
  }

  std::vector<std::unique_ptr<json::value>> documents_;
  std::unordered_map<std::string, const json::object*> known_;  // definitions in referenced schemas
  std::set<std::string> given_;                                 // full names that are defined so far
};

}  // namespace

expected<std::string> self_contained(std::string_view schema, const std::vector<std::string>& referenced) {
  inliner all;
  for (const auto& text : referenced)
    RETURN_IF_ERROR(all.add(text));
  return all.whole(schema);
}

}  // namespace millrace::registry
