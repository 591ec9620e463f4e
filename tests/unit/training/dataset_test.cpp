#include "tools/model/dataset.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace millrace;
using data::type_id;
using model::kind;

namespace {

using cell = std::optional<std::string>;

/// A table of columns, each a name, a type and texts of its values.
struct column_text {
  std::string name;
  type_id type;
  std::vector<cell> values;
};
data::batch table(const std::vector<column_text>& columns) {
  std::vector<data::field> fields;
  data::batch out{nullptr, {}, columns.front().values.size()};
  for (const auto& c : columns) {
    data::column_builder b(c.type);
    for (const auto& v : c.values) {
      if (!v)
        b.append_null();
      else if (c.type == type_id::bigint)
        b.append_int(std::stoll(*v));
      else if (c.type == type_id::float64)
        b.append_double(std::stod(*v));
      else if (c.type == type_id::boolean)
        b.append_boolean(*v == "true");
      else
        b.append_text(*v);
    }
    fields.push_back({c.name, c.type});
    out.columns.push_back(b.finish());
  }
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

std::string wrong(const std::vector<column_text>& columns, kind k = kind::boosted,
                  const std::vector<std::string>& ignored = {}) {
  const auto d = model::training_data(table(columns), "y", ignored, k);
  return d ? "nothing" : d.error().message;
}

const column_text y{"y", type_id::bigint, {"0", "1", "0"}};

}  // namespace

TEST_CASE("columns become inputs by their types, and null is missing") {
  const auto d = model::training_data(table({{"n", type_id::bigint, {"3", "1", {}}},
                                             {"b", type_id::boolean, {"true", "false", "true"}},
                                             {"sex", type_id::text, {"M", "F", "M"}},
                                             {"id", type_id::text, {"a", "b", "c"}},
                                             y}),
                                      "y", {"id"}, kind::forest);
  REQUIRE(d);
  REQUIRE(d->features.size() == 3);
  CHECK(d->features[2].categories == std::vector<std::string>{"F", "M"});
  CHECK(model::input_names(d->features) == std::vector<std::string>{"n", "b", "sex=M"});
  // The rows come in the order of their values, missing ones last.
  CHECK(d->rows == std::vector<std::uint32_t>{1, 0, 2});
  CHECK(d->labels == std::vector<std::uint8_t>{1, 0, 0});
  CHECK(std::vector<float>(d->inputs.begin(), d->inputs.begin() + 6) == std::vector<float>{1, 0, 0, 3, 1, 1});
  CHECK(std::isnan(d->inputs[6]));
}

TEST_CASE("the order of a table's rows changes nothing, any other change does") {
  const auto hash = [](const std::vector<column_text>& columns) {
    return model::training_data(table(columns), "y", {}, kind::boosted)->hash;
  };
  const auto first = hash({{"n", type_id::float64, {"1", "2", "3"}}, y});
  CHECK(hash({{"n", type_id::float64, {"3", "1", "2"}}, {"y", type_id::bigint, {"0", "0", "1"}}}) == first);
  CHECK(hash({{"n", type_id::float64, {"1", "2", "4"}}, y}) != first);
  CHECK(hash({{"m", type_id::float64, {"1", "2", "3"}}, y}) != first);
  CHECK(hash({{"n", type_id::float64, {"1", "2", "3"}}, {"y", type_id::bigint, {"0", "1", "1"}}}) != first);
}

TEST_CASE("sums and decimals, which come as their digits, are numbers") {
  const auto t = model::plain_numbers(table({{"s", type_id::json, {"1.50", {}, "170141183460469231731"}},
                                             {"l", type_id::json, {"[1]", "2", "3"}},
                                             y}));
  REQUIRE(t);
  CHECK(t->columns[0]->type().id() == type_id::float64);
  CHECK(t->columns[0]->doubles()[0] == 1.5);
  CHECK(t->columns[1]->type().id() == type_id::json);
  CHECK(model::training_data(*t, "y", {"l"}, kind::boosted).has_value());
  CHECK(model::training_data(*t, "y", {}, kind::boosted).error().message ==
        "column \"l\" is of a type that is not a feature: row 1 has [1]; remedy: --ignore it, or cast it");
}

TEST_CASE("a table that is judged has the model's types where its own say less") {
  model::model m;
  m.features = {{.name = "n"}, {.name = "sex", .type = model::feature_type::text}, {.name = "l"}};
  const auto fitted = model::fitted(m, table({{"sex", type_id::bigint, {{}, {}, {}}},
                                              {"n", type_id::text, {"1.5", {}, "-inf"}},
                                              {"l", type_id::text, {{}, {}, {}}},
                                              {"other", type_id::text, {"a", "b", "c"}}}));
  REQUIRE(fitted);
  CHECK((*fitted->schema)[0].type.id() == type_id::text);
  CHECK(fitted->columns[0]->null_count() == 3);
  CHECK((*fitted->schema)[1].type.id() == type_id::float64);
  CHECK(fitted->columns[1]->doubles()[0] == 1.5);
  CHECK(fitted->columns[1]->is_null(1));
  CHECK(std::isinf(fitted->columns[1]->doubles()[2]));
  CHECK(fitted->columns[2]->type().id() == type_id::float64);
  CHECK(fitted->columns[3]->type().id() == type_id::text);
  CHECK(model::fitted(m, table({{"n", type_id::text, {"1", "many", "2"}}})).error().message ==
        "column \"n\" is text, and the model has double: row 2 has many; remedy: a table with numbers there, "
        "as "
        "in training");
  CHECK(model::fitted(m, table({{"sex", type_id::boolean, {"false", "false"}}}))
            .error()
            .message.starts_with("column \"sex\" is boolean, and the model has text; remedy: "));
}

TEST_CASE("labels are 0 and 1, false and true, and never null") {
  const auto labels = [](type_id type, std::vector<cell> values) {
    const auto l = model::labels_of(table({{"y", type, std::move(values)}}), "y");
    return l ? std::to_string((*l)[0]) + std::to_string((*l)[1]) : l.error().message;
  };
  CHECK(labels(type_id::bigint, {"0", "1"}) == "01");
  CHECK(labels(type_id::float64, {"1", "0"}) == "10");
  CHECK(labels(type_id::boolean, {"true", "false"}) == "10");
  CHECK(labels(type_id::text, {"true", "0"}) == "10");
  CHECK(labels(type_id::bigint, {"0", "2"}) ==
        "the label, column \"y\", is \"2\" in row 2; expected 0 or 1, false or true");
  CHECK(labels(type_id::bigint, {{}, "1"}) ==
        "the label, column \"y\", is null in row 1; remedy: leave such rows out");
  CHECK(model::labels_of(table({y}), "z").error().message ==
        "the table has no column \"z\" for the label; it has y");
}

TEST_CASE("columns that are no features are refused by name") {
  std::vector<cell> ids;
  std::vector<cell> ys;
  for (int i = 0; i < 65; ++i) {
    ids.emplace_back("user " + std::to_string(i));
    ys.emplace_back(std::to_string(i % 2));
  }
  CHECK(wrong({{"id", type_id::text, ids}, {"y", type_id::bigint, ys}}) ==
        "column \"id\" is text with 65 different values, which are not categories (at most 64); remedy: "
        "--ignore it, "
        "or make numbers of it");
  ids.resize(8);
  ys.resize(8);
  CHECK(wrong({{"id", type_id::text, ids}, {"y", type_id::bigint, ys}}) ==
        "column \"id\" is text with a value of its own in each row, which is not a category but a name; "
        "remedy: "
        "--ignore it, or make numbers of it");
  ids[7] = ids[0];
  CHECK(wrong({{"id", type_id::text, ids}, {"y", type_id::bigint, ys}}) == "nothing");
  CHECK(wrong({{"n", type_id::text, {"1.5", "2", "inf"}}, y}) ==
        "column \"n\" is text, most of which are numbers: \"inf\" is not a finite number; remedy: mend the "
        "table, or "
        "--ignore it");
  CHECK(wrong({{"n", type_id::text, {"1", "2", "1"}}, y}) == "nothing");
  CHECK(wrong({{"n", type_id::bigint, {{}, {}, {}}}, y}) ==
        "column \"n\" has no value in any row; remedy: --ignore n");
  CHECK(wrong({{"n", type_id::float64, {"1", "nan", "2"}}, y}) ==
        "row 2: column \"n\" is nan, which is not a finite number of a model; remedy: a table without such "
        "rows");
  CHECK(wrong({{"n", type_id::float64, {"1", "2", "inf"}}, y}) ==
        "row 3: column \"n\" is inf, which is not a finite number of a model; remedy: a table without such "
        "rows");
  CHECK(wrong({{"n", type_id::float64, {"1", {}, "2"}}, y}, kind::linear) ==
        "column \"n\" is null in 1 row, and a linear model cannot do without it; remedy: --model forest or "
        "boosted, "
        "or coalesce() in the table");
  CHECK(wrong({y}) == "the table has no column to learn from beside the label");
  CHECK(wrong({{"n", type_id::bigint, {"1", "2", "3"}}, y}, kind::boosted, {"m"}) ==
        "--ignore m: the table has no such column; it has n, y");
}
