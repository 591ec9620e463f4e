#include "actors/connectors/sql/sink/changes.hpp"

#include "runtime/data/key_encoding.hpp"

#include <string>
#include <unordered_map>

namespace millrace::sink::sql {
namespace {

std::string key_of(const data::batch& rows, std::span<const std::size_t> key, std::size_t row) {
  std::string out;
  for (const auto k : key)
    data::append_key(out, *rows.columns[k], row);
  return out;
}

bool deletes_at(const data::column* deletes, std::size_t row) {
  return deletes != nullptr && !deletes->is_null(row) && deletes->boolean_at(row);
}

/// No change overtakes another one.
std::vector<change_part> parts_in_order(std::span<const std::size_t> chosen, const data::column* deletes) {
  std::vector<change_part> out;
  for (const auto row : chosen) {
    const bool is_deletion = deletes_at(deletes, row);
    if (out.empty() || !(is_deletion ? out.back().upserts : out.back().deletions).empty())
      out.emplace_back();
    (is_deletion ? out.back().deletions : out.back().upserts).push_back(row);
  }
  return out;
}

/// Each change goes into the part of the one before it of its key, or the next one where it upserts after a deletion.
std::vector<change_part> parts_by_key(const data::batch& rows, std::span<const std::size_t> chosen,
                                      std::span<const std::size_t> key, const data::column& deletes) {
  struct newest_change {
    std::size_t part = 0;
    bool deletes = false;
  };
  std::unordered_map<std::string, newest_change> newest;
  std::vector<change_part> out;
  for (const auto row : chosen) {
    auto& of_key = newest[key_of(rows, key, row)];
    const bool is_deletion = deletes_at(&deletes, row);
    of_key = {of_key.part + (of_key.deletes && !is_deletion ? 1 : 0), is_deletion};
    if (of_key.part >= out.size())
      out.resize(of_key.part + 1);
    auto& part = out[of_key.part];
    (is_deletion ? part.deletions : part.upserts).push_back(row);
  }
  return out;
}

}  // namespace

std::vector<change_part> parts_of(const data::batch& rows, std::span<const std::size_t> chosen,
                                  std::span<const std::size_t> key, const data::column* deletes,
                                  bool keys_alone) {
  return keys_alone && deletes != nullptr ? parts_by_key(rows, chosen, key, *deletes)
                                          : parts_in_order(chosen, deletes);
}

std::vector<std::size_t> in_rounds(const data::batch& rows, std::span<const std::size_t> chosen,
                                   std::span<const std::size_t> key) {
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<std::vector<std::size_t>> rounds;
  for (const auto row : chosen) {
    const auto round = seen[key_of(rows, key, row)]++;
    if (round == rounds.size())
      rounds.emplace_back();
    rounds[round].push_back(row);
  }
  std::vector<std::size_t> out;
  out.reserve(chosen.size());
  for (const auto& round : rounds)
    out.insert(out.end(), round.begin(), round.end());
  return out;
}

}  // namespace millrace::sink::sql
