// Tests with the real XGBoost, where there is one; else its cases say SKIPPED.
#include "runtime/model/read_model.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/skip_count.hpp"
#include "tools/model/importance.hpp"
#include "tools/model/library.hpp"
#include "tools/model/output_file.hpp"
#include "tools/model/page.hpp"
#include "tools/model/train.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <random>
#include <unistd.h>

using namespace millrace;
using data::type_id;
namespace fs = std::filesystem;

namespace {

millrace::test::skip_count skipped("libxgboost.so (apt-get install libxgboost0)");

const model::xgboost_api* library() {
  const auto api = model::load_xgboost();
  if (!api)
    ++skipped.cases;
  return api ? *api : nullptr;
}

/// Users whose `thumbs` decides whether they leave, nearly; `noise` tells nothing.
data::batch users(std::size_t rows, unsigned seed, bool nulls) {
  std::mt19937 random(seed);
  data::column_builder thumbs(type_id::float64), noise(type_id::bigint), level(type_id::text),
      y(type_id::bigint);
  for (std::size_t i = 0; i < rows; ++i) {
    const double t = static_cast<double>(random() % 1'000) / 100;
    if (nulls && random() % 10 == 0)
      thumbs.append_null();
    else
      thumbs.append_double(t);
    noise.append_int(static_cast<std::int64_t>(random() % 50));
    level.append_text(random() % 2 == 0 ? "paid" : "free");
    y.append_int((t > 7) != (random() % 12 == 0) ? 1 : 0);
  }
  return {std::make_shared<const data::schema>(std::vector<data::field>{{"thumbs", type_id::float64},
                                                                        {"noise", type_id::bigint},
                                                                        {"level", type_id::text},
                                                                        {"y", type_id::bigint}}),
          {thumbs.finish(), noise.finish(), level.finish(), y.finish()},
          rows};
}

model::training_options options(model::kind k, unsigned threads = 1) {
  model::training_options o;
  o.what = k;
  o.label = "y";
  o.threads = threads;
  return o;
}

}  // namespace

TEST_CASE("without a library the error says what was tried, and the remedy") {
  const auto none = model::load_xgboost("/nowhere/libxgboost.so");
  REQUIRE_FALSE(none);
  CHECK(none.error().message.starts_with(
      "millrace model train needs libxgboost.so, and there is none; remedy: apt-get install libxgboost0, or "
      "set "
      "MILLRACE_XGBOOST to a libxgboost.so; all else works without it; tried:\n  /nowhere/libxgboost.so"));
  const auto other = model::load_xgboost("/lib/x86_64-linux-gnu/libz.so.1");
  REQUIRE_FALSE(other);
  CHECK(other.error().message.find("libz.so.1 has no function XG") != std::string::npos);
  CHECK(model::library_candidates("") == std::vector<std::string>{"libxgboost.so.0", "libxgboost.so"});
  CHECK(model::library_candidates("/tmp") == std::vector<std::string>{"/tmp/libxgboost.so"});
}

TEST_CASE("each kind of model finds what decides", "[xgboost]") {
  const auto* const api = library();
  if (api == nullptr)
    return;
  for (const auto k : {model::kind::forest, model::kind::boosted, model::kind::linear}) {
    INFO(model::to_string(k));
    const auto made = model::train(*api, users(400, 1, k != model::kind::linear), options(k));
    REQUIRE(made);
    CHECK(made->held_out.of_model.roc_auc > 0.75);
    CHECK(made->held_out.of_model.rows == 80);
    CHECK(made->held_out.of_model.log_loss < made->held_out.of_majority.log_loss);
    CHECK(made->cross_validation.front().mean > 0.75);
    CHECK(model::importances(made->content).front().feature == "thumbs");
    CHECK(made->content.kind_of == k);
    const auto page =
        model::report_page({"m", "Held out.", &made->content, &made->held_out, made->cross_validation});
    CHECK(page.find("<svg") != std::string::npos);
    CHECK(page.find("http") == std::string::npos);
  }
}

TEST_CASE("the same rows make the same bytes, whatever the number of threads and the rows' order",
          "[xgboost]") {
  const auto* const api = library();
  if (api == nullptr)
    return;
  for (const auto k : {model::kind::forest, model::kind::boosted, model::kind::linear}) {
    INFO(model::to_string(k));
    const auto table = users(300, 2, k != model::kind::linear);
    std::vector<std::uint32_t> turned;
    for (auto i = static_cast<std::uint32_t>(table.rows); i > 0; --i)
      turned.push_back(i - 1);
    const auto first = model::train(*api, table, options(k));
    REQUIRE(first);
    CHECK(model::train(*api, table, options(k))->text == first->text);
    CHECK(model::train(*api, table, options(k, 2))->text == first->text);
    CHECK(model::train(*api, data::take(table, turned), options(k, 2))->text == first->text);
    auto other = options(k);
    other.seed = 43;
    CHECK(model::train(*api, table, other)->text != first->text);
  }
}

TEST_CASE("one class, and too few rows, are refused before anything is trained", "[xgboost]") {
  const auto* const api = library();
  if (api == nullptr)
    return;
  auto table = users(20, 3, false);
  data::column_builder y(type_id::bigint);
  for (int i = 0; i < 20; ++i)
    y.append_int(0);
  table.columns[3] = y.finish();
  CHECK(model::train(*api, table, options(model::kind::boosted)).error().message ==
        "all 20 rows have the label 0: there is one class only, and nothing to tell apart; remedy: a table "
        "with rows of both labels");
  CHECK_FALSE(model::train(*api, users(4, 3, false), options(model::kind::boosted)));
}

TEST_CASE("files are written whole, all of them or none") {
  const test::scratch own;
  const auto& folder = own.path();
  const auto a = (folder / "a").string();
  std::ofstream(a) << "before";
  CHECK_FALSE(model::write_whole_files({{a, "after"}, {(folder / "none" / "b").string(), "b"}}));
  std::string text;
  std::getline(std::ifstream(a), text);
  CHECK(text == "before");
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
  CHECK(model::write_whole_files({{a, "after"}}).has_value());
  std::getline(std::ifstream(a), text);
  CHECK(text == "after");
  CHECK(model::check_places({folder.string()}).error().message.find("is a folder") != std::string::npos);
  CHECK_FALSE(model::check_places({(folder / "none" / "b").string()}));
}

TEST_CASE("a file that is read, or written already, is no place for another") {
  const test::scratch own;
  const auto& folder = own.path();
  fs::create_directories(folder / "table");
  const auto a = (folder / "a").string();
  std::ofstream(a) << "read";
  fs::create_symlink("a", folder / "link");
  const auto dotted = (folder / "table" / ".." / "a").string();
  const auto next = (folder / "ab").string();
  CHECK(model::check_places({a, next}).has_value());
  CHECK(model::check_places({next, a, dotted}).error().message ==
        dotted + " would be written twice, by two options; remedy: another name for one");
  CHECK(model::check_beside({a}, {dotted}).error().message ==
        a + " would change what the command reads, " + dotted + "; remedy: another place");
  CHECK_FALSE(model::check_beside({(folder / "link").string()}, {a}));
  CHECK_FALSE(model::check_beside({(folder / "table" / "m.json").string()}, {folder / "table" / ""}));
  CHECK_FALSE(model::check_beside({(folder / "table" / "m.json").string()}, {folder / "table"}));
  CHECK(model::check_beside({next, (folder / "tables").string()}, {a, folder / "table"}).has_value());
  CHECK(model::check_beside({a}, {}).has_value());
}
