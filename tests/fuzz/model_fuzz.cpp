// Arbitrary bytes as a model's file: no crash, and all that is taken for a model gives a probability for any
// row, with and without missing values.
#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace millrace;

/// A column of the feature's type: a null, and the first and the last category or two numbers.
data::column_ptr column_of(const model::feature& f) {
  using model::feature_type;
  data::column_builder out(f.type == feature_type::text      ? data::type_id::text
                           : f.type == feature_type::boolean ? data::type_id::boolean
                                                             : data::type_id::float64);
  out.append_null();
  for (const bool last : {false, true})
    if (f.type == feature_type::text)
      out.append_text(last ? f.categories.back() : f.categories.front());
    else if (f.type == feature_type::boolean)
      out.append_boolean(last);
    else
      out.append_double(last ? f.mean + f.deviation : -1);
  return out.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto read = model::parse_model({reinterpret_cast<const char*>(bytes), size});
  if (!read) {
    fuzz::require(!read.error().message.empty() && read.error().whose == fault::user,
                  "an error without a word");
    return 0;
  }
  const auto& m = *read;
  fuzz::require(m.booster.inputs == m.booster.gain.size() && m.booster.inputs < 100'001,
                "gains of other inputs");
  std::vector<data::field> fields;
  data::batch rows{nullptr, {}, 3};
  for (const auto& f : m.features) {
    rows.columns.push_back(column_of(f));
    fields.push_back({f.name, rows.columns.back()->type()});
  }
  rows.schema = std::make_shared<const data::schema>(std::move(fields));
  const auto columns = model::bind(m, *rows.schema);
  fuzz::require(columns.has_value(), "a model that does not fit its own columns");
  std::vector<model::refused_row> refused;
  const auto found = model::score(m, *columns, rows, refused);
  for (std::size_t i = 0; i < rows.rows; ++i)
    fuzz::require(found->is_null(i) || (found->doubles()[i] >= 0 && found->doubles()[i] <= 1),
                  "no probability");
  return 0;
}
