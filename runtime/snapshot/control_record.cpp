#include "runtime/snapshot/control_record.hpp"

#include "runtime/base/earlier_format.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::snapshot {
namespace {

constexpr std::uint8_t starts_over_bit = 1;
constexpr std::uint8_t has_folder_bit = 2;

unexpected unreadable(const std::string& folder) {
  return our_error(fmt::format("what the state folder {} knows of itself is whole but unreadable", folder));
}

expected<std::uint16_t> read_version(wire::reader& in, const std::string& folder) {
  const auto version = in.fixed<std::uint16_t>();
  if (in.ok() && version > folder_version)
    return user_error(
        ec::unsupported,
        fmt::format("the state folder {} has format {}, this version of millrace reads up to {}; run "
                    "the later version, or choose another --state",
                    folder, version, folder_version));
  return version;
}

void put_record(wire::writer& out, const folder_record& r) {
  out.string(r.id.state_id);
  out.string(r.id.topology);
  out.string(r.id.previous_state_id);
  out.fixed(static_cast<std::uint8_t>(r.id.finished));
  out.string(r.contents);
}

folder_record get_record(wire::reader& in) {
  folder_record r;
  r.id.state_id = in.string();
  r.id.topology = in.string();
  r.id.previous_state_id = in.string();
  r.id.finished = in.fixed<std::uint8_t>() != 0;
  r.contents = in.string();
  return r;
}

}  // namespace

void control_state::apply(control_change change) {
  if (change.starts_over) {
    folder.reset();
    values.clear();
  }
  if (change.folder)
    folder = std::move(change.folder);
  for (auto& [name, value] : change.values)
    values.insert_or_assign(name, std::move(value));
}

std::string encode_change(const control_change& c) {
  wire::writer out;
  out.fixed(folder_version);
  out.fixed(
      static_cast<std::uint8_t>((c.starts_over ? starts_over_bit : 0) | (c.folder ? has_folder_bit : 0)));
  if (c.folder)
    put_record(out, *c.folder);
  out.varint(c.values.size());
  for (const auto& [name, value] : c.values) {
    out.string(name);
    out.string(value);
  }
  return out.take();
}

expected<control_change> decode_change(std::string_view bytes, const std::string& folder) {
  wire::reader in(bytes);
  ASSIGN_OR_RETURN(const auto version, read_version(in, folder));
  if (in.ok() && version < folder_version)
    return earlier_folder(folder, version);
  control_change c;
  const auto bits = in.fixed<std::uint8_t>();
  c.starts_over = (bits & starts_over_bit) != 0;
  if ((bits & has_folder_bit) != 0)
    c.folder = get_record(in);
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    const auto name = in.string();
    c.values.insert_or_assign(std::string(name), std::string(in.string()));
  }
  if (!in.ok() || !in.at_end() || bits > (starts_over_bit | has_folder_bit))
    return unreadable(folder);
  return c;
}

expected<control_state> sum_up(chain::contents records, const std::string& folder) {
  control_state all;
  for (const auto& bytes : chain::records_of(std::move(records))) {
    ASSIGN_OR_RETURN(auto change, decode_change(bytes, folder));
    all.apply(std::move(change));
  }
  return all;
}

std::string encode_note() {
  wire::writer out;
  out.fixed(folder_version);
  return out.take();
}

expected<std::uint16_t> decode_note(std::string_view bytes, const std::string& folder) {
  wire::reader in(bytes);
  const auto version = read_version(in, folder);
  if (version && (!in.ok() || (*version == folder_version && !in.at_end())))
    return unreadable(folder);
  return version;
}

unexpected earlier_folder(const std::string& folder, std::uint16_t version) {
  auto refused = earlier_format(fmt::format("the state folder {}", folder), version, folder_version,
                                "choose another --state, or begin anew with --fresh");
  refused.value().code = ec::mismatch;  // --fresh gives up an earlier folder, and no later one
  return refused;
}

}  // namespace millrace::snapshot
