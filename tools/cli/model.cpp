// millrace model: trains a model on a table of features, judges it, and tells what it goes by.
#include "runtime/data/render.hpp"
#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tools/cli/interrupts.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/table_places.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/cli/usage.hpp"
#include "tools/model/feature_table.hpp"
#include "tools/model/library.hpp"
#include "tools/model/output_file.hpp"
#include "tools/model/page.hpp"
#include "tools/model/split.hpp"
#include "tools/model/text_report.hpp"
#include "tools/sql/library.hpp"
#include "tools/sql/table_copies.hpp"
#include "tools/table/duckdb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

constexpr unsigned most_threads = 64;
constexpr std::uint64_t engine_memory = 1'000'000'000;

struct table_options {
  std::string table;
  std::vector<std::string> topologies;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
};

struct train_arguments {
  table_options table;
  model::training_options options;
  std::string kind = "boosted";
  unsigned trees = 0;
  unsigned depth = 0;
  std::string out;
  std::string report;
};

struct evaluate_arguments {
  table_options table;
  std::string model;
  std::string label;
  double threshold = -1;
  std::string report;
  std::string predictions;
  bool json = false;
};

/// "churn.model.json" becomes "churn.model.html".
std::string page_beside(const std::string& file) {
  constexpr std::string_view ending = ".json";
  return (file.ends_with(ending) ? file.substr(0, file.size() - ending.size()) : file) + ".html";
}

/// Puts the table's name before what is wrong with it.
error of_table(const table_options& o, error e) {
  if (e.whose == fault::user)
    e.message = fmt::format("{}: {}", o.table, e.message);
  return e;
}

/// The user has given the table alone: `--table features=` before it is ours.
error without_own_option(error e) {
  constexpr std::string_view option = "--table features=";
  if (e.message.starts_with(option))
    e.message.erase(0, option.size());
  return e;
}

/// A file, a folder, or a stage of a topology: read as `sql` reads it. `outputs` are written later; none is a
/// file of it.
expected<data::batch> table_of(const table_options& o, const std::vector<std::string>& outputs) {
  auto topologies = topologies_as_tables(o.topologies, o.overlays, o.sets);
  if (!topologies)
    return tl::unexpected(std::move(topologies.error()));
  const auto library =
      duckdb::load_duckdb(duckdb::library_places_here(), "millrace model reads tables with DuckDB: it");
  if (!library)
    return tl::unexpected(library.error());
  const temporary_folder own;
  const std::vector<duckdb::table_argument> arguments{{"features", o.table}};
  duckdb::table_copies copies(own.path() + "/tables");
  if (auto copied = copies.replace(*topologies, arguments, "features"); !copied)
    return tl::unexpected(without_own_option(std::move(copied.error())));
  const auto sources = duckdb::sources_of(*topologies, arguments);
  if (!sources)
    return tl::unexpected(without_own_option(sources.error()));
  const auto asked =
      std::find_if(sources->begin(), sources->end(), [](const auto& s) { return s.asked_for; });
  if (asked == sources->end())
    return our_error("the table that was asked for is not among the sources");
  if (auto fine = model::check_beside(outputs, asked->places); !fine)
    return tl::unexpected(std::move(fine.error()));
  auto engine = duckdb::open_engine(**library, {engine_memory, 0, own.path() + "/spilled"});
  if (!engine)
    return tl::unexpected(std::move(engine.error()));
  const interrupt_watch watch([&] { (*engine)->interrupt(); });
  auto table = model::read_feature_table(**engine, asked->select);
  if (!table && table.error().message.find(o.table) == std::string::npos)
    return tl::unexpected(of_table(o, std::move(table.error())));
  return table;
}

int train(train_arguments a) {
  auto& o = a.options;
  o.what = a.kind == "forest"   ? model::kind::forest
           : a.kind == "linear" ? model::kind::linear
                                : model::kind::boosted;
  if (a.trees != 0)
    o.trees = a.trees;
  if (a.depth != 0)
    o.depth = a.depth;
  if (a.report.empty())
    a.report = page_beside(a.out);
  if (auto places = model::check_places({a.out, a.report}); !places)
    return refuse_by_fault(places.error());
  const auto api = model::load_xgboost();
  if (!api)
    return refuse_by_fault(api.error());
  const auto table = table_of(a.table, {a.out, a.report});
  if (!table)
    return refuse_by_fault(table.error());
  const auto made = model::train(**api, *table, o);
  if (!made)
    return refuse_by_fault(of_table(a.table, made.error()));
  const auto page = model::report_page({a.out, "They were held out: training has not seen them.",
                                        &made->content, &made->held_out, made->cross_validation});
  if (auto written = model::write_whole_files({{a.out, made->text}, {a.report, page}}); !written)
    return refuse_by_fault(written.error());
  return print(fmt::format("{}: {}\nHeld out, not seen in training:\n{}\n{}\n{}\nreport: {}\n", a.out,
                           model::headline(made->content), model::figures_text(made->held_out, o.threshold),
                           model::spreads_text(made->cross_validation),
                           model::importances_text(made->content), a.report));
}

/// Returns every row of the table, with its probability after its columns.
std::string predictions_of(const data::batch& table, const std::vector<float>& probabilities) {
  auto rows = table;
  auto fields = table.schema->fields();
  std::string name = "probability";
  while (table.schema->find(name))
    name += "_";
  fields.push_back({name, data::type_id::float64});
  rows.schema = std::make_shared<const data::schema>(std::move(fields));
  data::column_builder column(data::type_id::float64);
  for (const float p : probabilities)
    column.append_double(p);
  rows.columns.push_back(column.finish());
  std::string out;
  for (std::size_t i = 0; i < rows.rows; ++i) {
    data::append_json_row(out, rows, i);
    out += '\n';
  }
  return out;
}

expected<std::vector<float>> probabilities_of(const model::model& m, const data::batch& table) {
  const auto columns = model::bind(m, *table.schema);
  if (!columns)
    return user_error(columns.error().code,
                      columns.error().message + "; remedy: a table with the columns that it was trained on");
  std::vector<model::refused_row> refused;
  const auto found = model::score(m, *columns, table, refused);
  if (!refused.empty())
    return user_error(ec::invalid_argument, fmt::format("row {}: {}; remedy: a table without such rows",
                                                        refused.front().row + 1, refused.front().message));
  std::vector<float> out;
  for (const double p : found->doubles())
    out.push_back(static_cast<float>(p));
  return out;
}

/// The rows that are judged: of the table that the model was trained on, those that were held out.
struct judged_rows {
  model::judged rows;
  bool held_out = false;
};
expected<judged_rows> judge(const model::model& m, const data::batch& table, const std::string& label,
                            const std::vector<float>& probabilities, double threshold) {
  const auto known = model::labels_for(m, table, label);
  if (!known)
    return tl::unexpected(known.error());
  const auto leavers = std::count(known->labels.begin(), known->labels.end(), 1);
  if (leavers == 0 || static_cast<std::size_t>(leavers) == known->labels.size())
    return user_error(ec::invalid_argument,
                      fmt::format("{}: with one class only, nothing can be judged; remedy: {}",
                                  model::all_have(known->labels.size(), leavers == 0 ? 0 : 1),
                                  model::both_labels));
  if (known->hash != m.table_hash)
    return judged_rows{model::judge(known->labels, probabilities, threshold), false};
  std::vector<std::uint8_t> sorted;
  for (const auto row : known->order)
    sorted.push_back(known->labels[row]);
  const auto rows = model::split_rows(sorted, m.test_share, m.seed);
  if (!rows)
    return tl::unexpected(rows.error());
  std::vector<std::uint8_t> labels;
  std::vector<float> held_out;
  for (const auto i : rows->test) {
    labels.push_back(sorted[i]);
    held_out.push_back(probabilities[known->order[i]]);
  }
  return judged_rows{model::judge(std::move(labels), std::move(held_out), threshold), true};
}

int evaluate(const evaluate_arguments& a) {
  std::vector<std::string> places;
  for (const auto& place : {a.report, a.predictions})
    if (!place.empty())
      places.push_back(place);
  if (auto fine = model::check_places(places); !fine)
    return refuse_by_fault(fine.error());
  if (auto fine = model::check_beside(places, {a.model}); !fine)
    return refuse_by_fault(fine.error());
  const auto m = model::read_model(a.model);
  if (!m)
    return refuse_by_fault(m.error());
  const auto label = a.label.empty() ? m->label : a.label;
  if (label.empty())
    return refuse_by_fault(
        error{ec::invalid_argument,
              fault::user,
              false,
              "a model of XGBoost alone does not say which column is its label; remedy: --label COLUMN",
              {}});
  const double threshold = a.threshold < 0 ? m->threshold : a.threshold;
  const auto table = table_of(a.table, places);
  if (!table)
    return refuse_by_fault(table.error());
  const auto fitted = model::fitted(*m, *table);
  if (!fitted)
    return refuse_by_fault(of_table(a.table, fitted.error()));
  const auto probabilities = probabilities_of(*m, *fitted);
  if (!probabilities)
    return refuse_by_fault(of_table(a.table, probabilities.error()));
  const auto judged = judge(*m, *fitted, label, *probabilities, threshold);
  if (!judged)
    return refuse_by_fault(of_table(a.table, judged.error()));
  const std::string rows = judged->held_out ? "Of the table that it was trained on, the rows held out"
                                            : "Rows of another table than it was trained on";
  std::vector<model::output_file> files;
  if (!a.report.empty())
    files.push_back({a.report, model::report_page({a.model, rows + ".", &*m, &judged->rows})});
  if (!a.predictions.empty())
    files.push_back({a.predictions, predictions_of(*table, *probabilities)});
  if (auto written = model::write_whole_files(files); !written)
    return refuse_by_fault(written.error());
  if (a.json)
    return print(model::figures_json(judged->rows) + "\n");
  return print(fmt::format("{}: {}\n{}:\n{}", a.model, model::headline(*m), rows,
                           model::figures_text(judged->rows, threshold)));
}

int explain(const std::string& file) {
  const auto m = model::read_model(file);
  if (!m)
    return refuse_by_fault(m.error());
  return print(fmt::format("{}: {}\n{}", file, model::headline(*m), model::importances_text(*m)));
}

void add_table_options(CLI::App& to, table_options& o) {
  to.add_option(
        "FEATURES", o.table,
        "The table: a file (Parquet, csv or JSON lines), a folder of such files, or a stage of --topology")
      ->required();
  to.add_option("--topology", o.topologies, "Its sinks are tables by their stages' names; may be repeated")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  add_overlay_options_by_name(to, o.overlays, o.sets);
}

void add_train(CLI::App& model, int& status) {
  auto* const sub = model.add_subcommand("train", "Train a model of two classes on a table of features");
  const auto a = std::make_shared<train_arguments>();
  add_table_options(*sub, a->table);
  sub->add_option("--label", a->options.label, "The column that says who left: 0 or 1, false or true")
      ->type_name("COLUMN")
      ->required();
  sub->add_option("--model", a->kind,
                  "forest, boosted (trees one after the other) or linear (logistic regression)")
      ->check(CLI::IsMember({"forest", "boosted", "linear"}))
      ->capture_default_str();
  sub->add_option("--out", a->out, "The model's file")->type_name("FILE")->required();
  sub->add_option("--report", a->report,
                  "The page with figures, curves and gains (default: beside the model)")
      ->type_name("FILE");
  sub->add_option("--ignore", a->options.ignored,
                  "A column that is not a feature, such as the user's id; may be repeated")
      ->type_name("COLUMN")
      ->expected(1)
      ->take_all();
  sub->add_option("--seed", a->options.seed, "Decides which rows are held out, and the trees' random choices")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 62))
      ->capture_default_str();
  sub->add_option("--held-out", a->options.test_share, "The share of rows that training does not see")
      ->check(CLI::Range(0.01, 0.9))
      ->capture_default_str();
  sub->add_option("--threshold", a->options.threshold, "From this probability on, the answer is: leaves")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  sub->add_option("--trees", a->trees, "How many trees (default: forest 75, boosted 50)")
      ->check(CLI::Range(1U, 10'000U));
  sub->add_option("--depth", a->depth, "How deep a tree is at most (default: forest 20, boosted 3)")
      ->check(CLI::Range(1U, 60U));
  sub->add_option("--threads", a->options.threads,
                  "How many trainings run side by side; the model does not depend on it")
      ->check(at_most_threads(most_threads))
      ->capture_default_str();
  sub->footer(
      "Example:\n"
      "  millrace model train features.parquet --label churned --ignore userid --model forest --seed 42 "
      "--out "
      "churn.model.json\n\n"
      "All columns but the label and the ignored ones are features: numbers, booleans, texts of few values.\n"
      "Needs libxgboost.so (Debian: libxgboost0; or $MILLRACE_XGBOOST) and libduckdb.so (tools/duckdb).");
  sub->callback([a, &status] { status = train(*a); });
}

void add_evaluate(CLI::App& model, int& status) {
  auto* const sub = model.add_subcommand("evaluate", "Judge a model on a table of features");
  const auto a = std::make_shared<evaluate_arguments>();
  sub->add_option("MODEL", a->model, "A model's file, or XGBoost's own JSON with feature names")->required();
  add_table_options(*sub, a->table);
  sub->add_option("--label", a->label, "The column that says who left (default: the model's)")
      ->type_name("COLUMN");
  sub->add_option("--threshold", a->threshold,
                  "From this probability on, the answer is: leaves (default: the model's)")
      ->check(CLI::Range(0.0, 1.0));
  sub->add_option("--report", a->report, "Writes a page with figures, curves and gains")->type_name("FILE");
  sub->add_option("--predictions", a->predictions, "Writes every row with its probability, an object a line")
      ->type_name("FILE");
  sub->add_flag("--json", a->json, "Prints the figures as one line of JSON");
  sub->footer(
      "Example:\n"
      "  millrace model evaluate churn.model.json features.parquet --report churn.html\n\n"
      "Of the table that the model was trained on, the rows that were held out are judged; of another, all.\n"
      "Needs libduckdb.so (tools/duckdb).");
  sub->callback([a, &status] { status = evaluate(*a); });
}

void add_explain(CLI::App& model, int& status) {
  auto* const sub = model.add_subcommand("explain", "Print which features a model uses, and how much");
  const auto file = std::make_shared<std::string>();
  sub->add_option("MODEL", *file, "A model's file, or XGBoost's own JSON with feature names")->required();
  sub->footer("Example:\n  millrace model explain churn.model.json");
  sub->callback([file, &status] { status = explain(*file); });
}

}  // namespace

void add_model(CLI::App& app, int& status) {
  auto* const sub = app.add_subcommand("model", "Train, judge and explain models that a topology can apply");
  sub->require_subcommand(1);
  add_train(*sub, status);
  add_evaluate(*sub, status);
  add_explain(*sub, status);
  sub->footer("Example:\n  millrace model train features.parquet --label churned --model forest --out "
              "churn.model.json");
}

}  // namespace millrace::cli
