// Scoring batches of 24 features: columns to probabilities by runtime/model, beside XGBoost's C interface called
// bare with the numbers already in rows of floats. A row is an item. Needs libxgboost0; run: model_bench
#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tools/model/booster_training.hpp"
#include "tools/model/library.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <random>

namespace {

using namespace millrace;

constexpr std::size_t features = 24;
constexpr std::size_t batch_rows = 4'096;

const model::xgboost_api& library() {
  static const auto api = model::load_xgboost();
  if (!api) {
    std::fprintf(stderr, "model_bench: %s\n", api.error().message.c_str());
    std::exit(2);
  }
  return **api;
}

std::vector<float> numbers(std::size_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(rows * features);
  for (auto& v : out)
    v = static_cast<float>(random() % 100'000) / 1'000;
  return out;
}

std::string trained(model::kind k) {
  constexpr std::size_t rows = 448;
  const auto inputs = numbers(rows, 1);
  std::mt19937 random(2);
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < rows; ++i)
    labels.push_back(
        inputs[i * features] + inputs[i * features + 1] + static_cast<float>(random() % 60) > 150 ? 1 : 0);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < features; ++i)
    names.push_back(fmt::format("f{}", i));
  model::training_options o;
  o.what = k;
  auto text = model::train_booster(library(), o, inputs, labels, names);
  if (!text)
    std::exit(2);
  return *text;
}

void by_millrace(benchmark::State& state, model::kind k) {
  const auto m = model::parse_model(trained(k));
  const auto inputs = numbers(batch_rows, 3);
  std::vector<data::field> fields;
  data::batch rows{nullptr, {}, batch_rows};
  for (std::size_t f = 0; f < features; ++f) {
    data::column_builder column(data::type_id::float64);
    for (std::size_t i = 0; i < batch_rows; ++i)
      column.append_double(inputs[i * features + f]);
    rows.columns.push_back(column.finish());
    fields.push_back({fmt::format("f{}", f), data::type_id::float64});
  }
  rows.schema = std::make_shared<const data::schema>(std::move(fields));
  const auto columns = model::bind(*m, *rows.schema);
  for (auto _ : state) {
    std::vector<model::refused_row> refused;
    benchmark::DoNotOptimize(model::score(*m, *columns, rows, refused));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(batch_rows));
}

void by_xgboost(benchmark::State& state, model::kind k) {
  const auto& api = library();
  auto* const file = dlopen("libxgboost.so.0", RTLD_NOW | RTLD_NOLOAD);
  const auto load = reinterpret_cast<int (*)(void*, const void*, std::uint64_t)>(
      dlsym(file, "XGBoosterLoadModelFromBuffer"));
  const auto predict =
      reinterpret_cast<int (*)(void*, const char*, const char*, void*, const std::uint64_t**, std::uint64_t*,
                               const float**)>(dlsym(file, "XGBoosterPredictFromDense"));
  const auto text = trained(k);
  const auto inputs = numbers(batch_rows, 3);
  void* booster = nullptr;
  if (load == nullptr || predict == nullptr || api.XGBoosterCreate(nullptr, 0, &booster) != 0 ||
      load(booster, text.data(), text.size()) != 0 || api.XGBoosterSetParam(booster, "nthread", "1") != 0)
    std::exit(2);
  const auto values = fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                                  reinterpret_cast<std::uintptr_t>(inputs.data()), batch_rows, features);
  const char* const how =
      R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"missing":NaN,"cache_id":0})";
  for (auto _ : state) {
    const std::uint64_t* shape = nullptr;
    std::uint64_t dimensions = 0;
    const float* found = nullptr;
    if (predict(booster, values.c_str(), how, nullptr, &shape, &dimensions, &found) != 0) {
      state.SkipWithError(api.XGBGetLastError());
      break;
    }
    benchmark::DoNotOptimize(found[0]);
  }
  api.XGBoosterFree(booster);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(batch_rows));
}

BENCHMARK_CAPTURE(by_millrace, forest, model::kind::forest);
BENCHMARK_CAPTURE(by_xgboost, forest, model::kind::forest);
BENCHMARK_CAPTURE(by_millrace, boosted, model::kind::boosted);
BENCHMARK_CAPTURE(by_xgboost, boosted, model::kind::boosted);

}  // namespace

BENCHMARK_MAIN();
