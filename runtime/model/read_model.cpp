#include "runtime/model/read_model.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/model/booster_reader.hpp"
#include "runtime/model/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::model {
namespace {

using value = strict_json::value;

constexpr data::file_kind model_files{"model", "one that millrace model train or XGBoost has written",
                                      most_bytes, "fewer or less deep trees"};
constexpr std::size_t most_categories_read = 10'000;

class model_reader {
public:
  explicit model_reader(strict_json& in) : in_(in) {}

  model read_ours(simdjson::ondemand::object root) {
    in_.members(root, "",
                {"millrace_model", "kind", "label", "threshold", "seed", "trained_on", "features", "figures",
                 "xgboost"},
                [&](std::string_view name, value v) { return read_member(name, v); });
    if (in_.good())
      check_fit();
    return std::move(out_);
  }

  model read_xgboost(simdjson::ondemand::object root) {
    out_.booster = read_booster(in_, root, "");
    if (in_.good() && out_.booster.names.empty())
      in_.fail("learner.feature_names",
               "is empty, so that nothing says which column is which; remedy: train with feature names "
               "(DMatrix(..., feature_names=[...]), or a DataFrame), and save again");
    for (const auto& name : out_.booster.names)
      out_.features.push_back({.name = name});
    out_.kind_of = out_.booster.is_linear() ? kind::linear : kind::boosted;
    check_names();
    return std::move(out_);
  }

private:
  bool read_member(std::string_view name, value v) {
    if (name == "millrace_model") {
      if (const auto version = in_.integer(v, name); in_.good() && version != file_version)
        in_.fail(name, fmt::format("is {}; this millrace reads models of version {}; remedy: train it again, "
                                   "or a millrace of its version",
                                   version, file_version));
    } else if (name == "kind") {
      read_kind(in_.text(v, name));
    } else if (name == "label") {
      out_.label = in_.text(v, name);
    } else if (name == "threshold") {
      out_.threshold = in_.real(v, name);
      if (in_.good() && !(out_.threshold >= 0 && out_.threshold <= 1))
        in_.fail(name, "expected a probability between 0 and 1");
    } else if (name == "seed") {
      out_.seed = static_cast<std::uint64_t>(in_.integer(v, name));
    } else if (name == "trained_on") {
      read_table(v);
    } else if (name == "features") {
      in_.elements(v, name,
                   [&](value f) { read_feature(f, fmt::format("features[{}]", out_.features.size())); });
    } else if (name == "figures") {
      out_.figures = std::string(in_.raw_object(v, name));
    } else if (name == "xgboost") {
      simdjson::ondemand::object object;
      if (v.get_object().get(object))
        in_.not_a("an object", name);
      else
        out_.booster = read_booster(in_, object, name);
    } else {
      return false;
    }
    return true;
  }

  void read_kind(std::string_view text) {
    for (const auto k : {kind::forest, kind::boosted, kind::linear})
      if (text == to_string(k)) {
        out_.kind_of = k;
        return;
      }
    in_.fail("kind", fmt::format("is \"{}\"; expected \"forest\", \"boosted\" or \"linear\"",
                                 visible(data::excerpt(text))));
  }

  void read_table(value v) {
    in_.members(v, "trained_on", {"rows", "test_share", "sha256"}, [&](std::string_view name, value m) {
      const auto path = strict_json::join("trained_on", name);
      if (name == "rows")
        out_.rows = static_cast<std::uint64_t>(in_.integer(m, path));
      else if (name == "test_share")
        out_.test_share = in_.real(m, path);
      else if (name == "sha256")
        out_.table_hash = in_.text(m, path);
      else
        return false;
      return true;
    });
  }

  void read_feature(value v, const std::string& path) {
    feature f;
    bool has_categories = false;
    in_.members(v, path, {"name", "type"}, [&](std::string_view name, value m) {
      const auto here = strict_json::join(path, name);
      if (name == "name")
        f.name = in_.text(m, here);
      else if (name == "type")
        f.type = type_of(in_.text(m, here), here);
      else if (name == "categories")
        f.categories = in_.texts(m, here), has_categories = true;
      else if (name == "mean")
        f.mean = in_.real(m, here);
      else if (name == "deviation")
        f.deviation = in_.real(m, here);
      else
        return false;
      return true;
    });
    if (!in_.good())
      return;
    if (has_categories != (f.type == feature_type::text) ||
        (has_categories && (f.categories.empty() || f.categories.size() > most_categories_read ||
                            std::adjacent_find(f.categories.begin(), f.categories.end(),
                                               std::greater_equal<>()) != f.categories.end())))
      in_.fail(path, "expected categories of a text, ascending, and of nothing else");
    if (in_.good() && !(f.deviation > 0))
      in_.fail(path, "expected a deviation above 0");
    out_.features.push_back(std::move(f));
  }

  feature_type type_of(std::string_view text, std::string_view path) {
    for (const auto t : {feature_type::number, feature_type::boolean, feature_type::text})
      if (text == to_string(t))
        return t;
    if (in_.good())
      in_.fail(path, fmt::format("is \"{}\"; expected \"double\", \"boolean\" or \"text\"",
                                 visible(data::excerpt(text))));
    return feature_type::number;
  }

  void check_names() {
    std::set<std::string_view> names;
    for (const auto& f : out_.features)
      if (!names.insert(f.name).second && in_.good())
        in_.fail("features", fmt::format("has \"{}\" twice", visible(data::excerpt(f.name))));
  }

  void check_fit() {
    check_names();
    const auto expected = input_names(out_.features);
    if (in_.good() && expected != out_.booster.names)
      in_.fail("xgboost.learner.feature_names", "are not those that \"features\" make");
    if (in_.good() && (out_.kind_of == kind::linear) != out_.booster.is_linear())
      in_.fail("kind", fmt::format("is \"{}\", and the model of \"xgboost\" is of another kind",
                                   to_string(out_.kind_of)));
  }

  strict_json& in_;
  model out_;
};

}  // namespace

expected<model> parse_model(std::string_view bytes) {
  const auto wrong = [](std::string_view what) {
    return user_error(ec::invalid_argument,
                      fmt::format("this is not a model that millrace can use: {}", what));
  };
  if (bytes.size() > most_bytes)
    return wrong(fmt::format("it has {} MB; expected at most {} MB", bytes.size() / 1'000'000,
                             most_bytes / 1'000'000));
  if (bytes.starts_with("{L") || bytes.starts_with("binf"))
    return wrong("it is in XGBoost's binary form; remedy: booster.save_model(\"model.json\")");
  if (!data::is_utf8(bytes))
    return wrong("it is not UTF-8");
  const simdjson::padded_string padded(bytes);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  if (parser.iterate(padded).get(document) || document.get_object().get(root))
    return wrong("it is not a JSON object, or is cut off; remedy: a whole copy of the file");
  strict_json in;
  const bool ours = root.find_field_unordered("millrace_model").error() == simdjson::SUCCESS;
  // The parser forgets the look-up: the reading begins anew.
  if (parser.iterate(padded).get(document) || document.get_object().get(root))
    return wrong("it is not a JSON object, or is cut off; remedy: a whole copy of the file");
  model_reader reader(in);
  auto out = ours ? reader.read_ours(root) : reader.read_xgboost(root);
  if (in.good() && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    in.fail("", "something follows after its end");
  if (!in.good())
    return wrong(in.mistake());
  out.hash = sha256(bytes);
  return out;
}

expected<model_file> read_model_file(const std::string& file) {
  const auto named = [&](error e) { return tl::unexpected(data::about_file(file, std::move(e))); };
  auto bytes = data::file_or_carried(file, model_files);
  if (!bytes)
    return named(std::move(bytes.error()));
  auto content = parse_model(*bytes);
  if (!content)
    return named(std::move(content.error()));
  return model_file{std::move(*bytes), std::make_shared<const model>(std::move(*content))};
}

expected<model> read_model(const std::string& file) {
  auto read = read_model_file(file);
  if (!read)
    return tl::unexpected(std::move(read.error()));
  return *read->content;
}

}  // namespace millrace::model
