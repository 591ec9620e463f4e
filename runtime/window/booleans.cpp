// bool_and and bool_or: how many values were false and true, so that slices can be taken off again.
#include "runtime/window/aggregate_entries.hpp"

namespace millrace::window {
namespace {

struct value_counts {
  std::uint64_t by_value[2];  // false, true
};

void add_values(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    ++to.at<value_counts>(into[i]).by_value[of.argument->boolean_at(from[i]) ? 1 : 0];
}

template<int Sign>
void merge_values(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    for (std::size_t v = 0; v < 2; ++v)
      to.at<value_counts>(into[i]).by_value[v] +=
          static_cast<std::uint64_t>(Sign) * other.at<value_counts>(from[i]).by_value[v];
}

void encode_values(wire::writer& out, const states& from, std::uint32_t i) {
  for (const auto n : from.at<value_counts>(i).by_value)
    out.varint(n);
}

bool decode_values(wire::reader& in, const states& to, std::uint32_t i) {
  for (auto& n : to.at<value_counts>(i).by_value)
    n = in.varint();
  return in.ok();
}

template<bool All>
void finish_values(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& n = from.at<value_counts>(i).by_value;
    if (n[0] == 0 && n[1] == 0)
      out.append_null();
    else
      out.append_boolean(All ? n[0] == 0 : n[1] != 0);
  }
}

template<bool All>
constexpr aggregate_ops entry{.size = sizeof(value_counts),
                              .add = add_values,
                              .merge = merge_values<1>,
                              .unmerge = merge_values<-1>,
                              .encode = encode_values,
                              .decode = decode_values,
                              .finish = finish_values<All>};

}  // namespace

const aggregate_ops bool_and_entry = entry<true>;
const aggregate_ops bool_or_entry = entry<false>;

}  // namespace millrace::window
