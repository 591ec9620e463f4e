#include "actors/node/stores/postgresql/records.hpp"

#include "runtime/snapshot/checksum.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::postgresql_chain {
namespace {

std::uint64_t columns_checksum(const record& r, const owner& of) {
  const auto columns =
      fmt::format("{}/{}/{}/{}/{}/{}/{}", r.number, r.behind, chain::number_of(r.by),
                  static_cast<int>(r.kind), r.payload_checksum, of.topology.size(), of.topology);
  return snapshot::checksum_of({columns, of.actor});
}

unexpected damaged(std::string_view shown, std::uint64_t number, std::string_view what) {
  return fatal_error(ec::corrupt,
                     fmt::format("{}: record {} {}; remedy: restore the database from a backup, or start the "
                                 "topology afresh",
                                 shown, number, what));
}

bool has_known_kind(const record& r) {
  return r.kind == record_kind::opening || r.kind == record_kind::increment || r.kind == record_kind::base;
}

}  // namespace

void seal(record& r, const owner& of, std::string_view payload) {
  r.payload_checksum = snapshot::checksum_of({payload});
  r.checksum = columns_checksum(r, of);
}

bool are_columns_whole(const record& r, const owner& of) {
  return has_known_kind(r) && r.checksum == columns_checksum(r, of);
}

bool is_whole(const record& r, const owner& of) {
  return are_columns_whole(r, of) && r.payload_checksum == snapshot::checksum_of({r.payload});
}

expected<restored> restore(std::map<std::uint64_t, record> all, std::uint64_t tail, std::uint64_t floor,
                           const owner& of, std::string_view shown) {
  restored out;
  out.contents.sequence = tail;
  for (auto number = tail; number != 0;) {
    if (number <= floor) {
      out.needs_older = true;
      return out;
    }
    const auto found = all.find(number);
    if (found == all.end())
      return damaged(shown, number, "is missing");
    auto& r = found->second;
    if (!are_columns_whole(r, of) || r.behind >= number)
      return damaged(shown, number, "is damaged");
    if (const bool whole = is_whole(r, of); r.kind == record_kind::base && !whole) {
      ++out.contents.passed_over;
    } else if (!whole) {
      return damaged(shown, number, "is damaged");
    } else if (r.kind == record_kind::base) {
      out.base_number = number;
      out.weight.base_bytes = r.payload.size();
      out.contents.base = std::move(r.payload);
      break;
    }
    ++out.weight.increments;
    if (r.kind == record_kind::increment) {
      out.weight.increments_bytes += r.payload.size();
      out.contents.increments.push_back(std::move(r.payload));
    }
    number = r.behind;
  }
  std::ranges::reverse(out.contents.increments);
  out.weight.is_base_due = out.contents.passed_over != 0;
  return out;
}

}  // namespace millrace::postgresql_chain
