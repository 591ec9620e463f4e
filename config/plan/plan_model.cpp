// The transform "model": all columns of its input, and one with the model's probability.
#include "config/plan/plan_model.hpp"

#include "config/plan/bind_step.hpp"
#include "config/plan/plan_stages.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/expression/column_function.hpp"
#include "runtime/model/score.hpp"

#include <fmt/format.h>

namespace millrace::config {
namespace {

class model_function final : public expression::column_function {
public:
  model_function(model::model_file file, model::binding columns)
      : file_(std::move(file)), columns_(std::move(columns)) {}

  data::column_ptr values(const data::batch& input,
                          std::vector<expression::row_failure>& failures) const override {
    std::vector<model::refused_row> refused;
    auto out = model::score(*file_.content, columns_, input, refused);
    for (auto& r : refused)
      failures.push_back({r.row, std::move(r.message)});
    return out;
  }
  [[nodiscard]] const model::model_file& file() const { return file_; }

private:
  model::model_file file_;
  model::binding columns_;
};

}  // namespace

const model::model_file* model_of(const stage& s) {
  const auto* const t = std::get_if<transform_plan>(&s.plan);
  if (t == nullptr || t->select.columns.empty())
    return nullptr;
  const auto* const f =
      dynamic_cast<const model_function*>(expression::function_of(t->select.columns.back().value));
  return f == nullptr ? nullptr : &f->file();
}

std::vector<carried_file> carried_by(const stage& s) {
  std::vector<carried_file> out;
  if (const auto* const m = model_of(s))
    out.push_back({"model", m->bytes});
  if (const auto* const p = std::get_if<parser_plan>(&s.plan); p != nullptr && p->schema_text)
    out.push_back({"schema_file", *p->schema_text});
  for (const auto& f : sink_traits_of(s).files)
    out.push_back({f.option, *f.bytes});
  return out;
}

void plan_model(draft& d, const drafts& all, report& out) {
  const auto input = schema_of_inputs(d, all, out);
  if (!input || !d.options_good)
    return;
  const auto column = d.built.options.text("column");
  if (column.empty() || is_reserved(column) || input->find(column))
    return d.fail(out, "column",
                  input->find(column)
                      ? fmt::format("there is a column \"{}\" already; expected a name of its own", column)
                      : std::string("names that are empty or begin with _ are reserved; expected another"));
  const auto path = d.built.options.text("model");
  auto file = model::read_model_file(path);
  if (!file)
    return d.fail(out, "model", std::move(file.error().message));
  auto columns = model::bind(*file->content, *input);
  if (!columns)
    return d.fail(out, "model",
                  fmt::format("{}; they are columns of what this stage reads", columns.error().message));
  transform_plan plan;
  plan.select.stage = d.built.name;
  plan.select.input = input;
  std::vector<data::field> fields;
  std::vector<data::field> hidden;
  for (const auto& f : *input) {
    if (is_reserved(f.name)) {
      hidden.push_back(f);
      continue;
    }
    auto e = expression::bind(quoted_name(f.name), scope_of(*input, d.before_window));
    if (!e)
      return d.fail(
          out, {},
          fmt::format("the column \"{}\" cannot be passed on: {}", f.name, e.error().front().message));
    fields.push_back({f.name, e->type});
    plan.select.columns.push_back({f.name, std::move(*e), f.name});
  }
  const auto hash = file->content->hash;
  auto reads = *columns;
  fields.push_back({column, data::type_id::float64});
  plan.select.columns.push_back(
      {column,
       expression::bind_function(std::make_shared<model_function>(std::move(*file), std::move(*columns)),
                                 data::type_id::float64, std::move(reads)),
       fmt::format("the probability that {} gives", data::is_carried(path) ? "the model" : path)});
  fields.insert(fields.end(), hidden.begin(), hidden.end());
  plan.select.output = std::make_shared<const data::schema>(std::move(fields));
  d.built.schema = plan.select.output;
  d.built.plan = std::move(plan);
}

}  // namespace millrace::config
