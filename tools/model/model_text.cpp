#include "tools/model/model_text.hpp"

#include "runtime/data/render.hpp"
#include "runtime/model/read_model.hpp"

#include <fmt/format.h>

namespace millrace::model {
namespace {

void add_text(std::string& out, std::string_view text) { data::append_json_string(out, text); }

void add_feature(std::string& out, const feature& f, bool linear) {
  out += "{\"name\": ";
  add_text(out, f.name);
  out += fmt::format(", \"type\": \"{}\"", to_string(f.type));
  if (f.type == feature_type::text) {
    out += ", \"categories\": [";
    for (std::size_t i = 0; i < f.categories.size(); ++i) {
      out += i == 0 ? "" : ", ";
      add_text(out, f.categories[i]);
    }
    out += ']';
  } else if (f.type == feature_type::number && linear) {
    out += ", \"mean\": ";
    data::append_double(out, f.mean);
    out += ", \"deviation\": ";
    data::append_double(out, f.deviation);
  }
  out += '}';
}

void add_figures(std::string& out, const figures& f) {
  const char* between = "{";
  for (const auto& [name, value] : named_figures(f)) {
    out += fmt::format("{}\"{}\": ", between, name);
    data::append_double(out, value);
    between = ", ";
  }
  out += '}';
}

}  // namespace

std::string model_text(const model& m, const trained& found, std::string_view xgboost) {
  auto out = fmt::format("{{\n\"millrace_model\": {},\n\"kind\": \"{}\",\n\"label\": ", file_version,
                         to_string(m.kind_of));
  add_text(out, m.label);
  out += ",\n\"threshold\": ";
  data::append_double(out, m.threshold);
  out += fmt::format(",\n\"seed\": {},\n\"trained_on\": {{\"rows\": {}, \"test_share\": ", m.seed, m.rows);
  data::append_double(out, m.test_share);
  out += fmt::format(", \"sha256\": \"{}\"}},\n\"features\": [", m.table_hash);
  const char* between = "\n  ";
  for (const auto& f : m.features) {
    out += between;
    add_feature(out, f, m.kind_of == kind::linear);
    between = ",\n  ";
  }
  out += "\n],\n\"figures\": {\n  \"held_out\": ";
  add_figures(out, found.held_out.of_model);
  out += ",\n  \"majority\": ";
  add_figures(out, found.held_out.of_majority);
  out += ",\n  \"cross_validation\": ";
  between = "{";
  for (const auto& s : found.cross_validation) {
    out += fmt::format("{}\"{}\": {{\"mean\": ", between, s.name);
    data::append_double(out, s.mean);
    out += ", \"deviation\": ";
    data::append_double(out, s.deviation);
    out += '}';
    between = ", ";
  }
  out += "}\n},\n\"xgboost\": ";
  out += xgboost;
  out += "\n}\n";
  return out;
}

}  // namespace millrace::model
