#include "runtime/delivery/output_format.hpp"

#include "runtime/delivery/fields.hpp"
#include "runtime/wire/batch_format.hpp"
#include "runtime/wire/format_version.hpp"

#include <algorithm>

namespace millrace::delivery {
namespace {

constexpr std::uint8_t output_version = 4;

enum class rows_kind : std::uint8_t { none, as_before, follow };

/// The rows that the frames from `first` on, as far as they share its batch, cover.
void encode_shared_rows(wire::writer& out, const std::vector<output_ptr>& frames, std::size_t first) {
  const auto& rows = frames[first]->rows;
  auto begin = frames[first]->begin;
  auto end = frames[first]->end;
  for (auto i = first + 1; i < frames.size() && frames[i]->rows == rows; ++i) {
    begin = std::min(begin, frames[i]->begin);
    end = std::max(end, frames[i]->end);
  }
  out.varint(begin);
  if (begin == 0 && end == rows->rows)
    wire::encode_batch(out, *rows);
  else
    wire::encode_batch(out, data::slice(*rows, begin, end));
}

}  // namespace

void encode_frames(wire::writer& out, const std::vector<output_ptr>& frames) {
  out.varint(frames.size());
  data::batch_ptr previous;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto& f = *frames[i];
    out.put(f.since);
    out.put(f.reached);
    out.varint(f.begin);
    out.varint(f.end);
    out.varint(f.base);
    out.varint(f.windows.size());
    for (const auto& w : f.windows) {
      out.svarint(w.end);
      out.varint(w.first);
    }
    const auto kind = !f.rows              ? rows_kind::none
                      : f.rows == previous ? rows_kind::as_before
                                           : rows_kind::follow;
    out.fixed(static_cast<std::uint8_t>(kind));
    if (kind == rows_kind::follow)
      encode_shared_rows(out, frames, i);
    previous = f.rows;
    wire::encoder{out}.field(f.failed);
  }
}

/// Every window of several has rows: each begins where the one before it has ended, the first with the batch.
void read_windows(wire::reader& in, output_frame& f) {
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    window_start w;
    w.end = in.svarint();
    const auto first = in.varint();
    w.first = static_cast<std::uint32_t>(first);
    const auto* const before = f.windows.empty() ? nullptr : &f.windows.back();
    if (first != w.first || (before != nullptr ? w.end <= before->end || first <= before->first : first != 0))
      in.fail();
    f.windows.push_back(w);
  }
}

/// Several windows: the last one has rows, and all are whole.
bool are_windows_of(const output_frame& f) {
  return f.windows.empty() || (f.reached == position{f.windows.back().end, whole} &&
                               f.windows.back().first < std::uint64_t{f.base} + f.end);
}

expected<std::vector<output_ptr>> decode_frames(wire::reader& in, const log_id& log) {
  std::vector<output_ptr> frames;
  data::batch_ptr rows;
  std::uint64_t cut = 0;  // rows of the batch in front of what was written
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    output_frame f;
    f.log = log;
    f.since = in.read_position();
    f.reached = in.read_position();
    const auto begin = in.varint();
    const auto end = in.varint();
    const auto base = in.varint();
    read_windows(in, f);
    const auto kind = rows_kind{in.fixed<std::uint8_t>()};
    if (kind == rows_kind::follow) {
      cut = in.varint();
      ASSIGN_OR_RETURN(auto batch, wire::decode_batch(in));
      rows = std::make_shared<const data::batch>(std::move(batch));
    }
    if (kind > rows_kind::follow || (kind == rows_kind::as_before && !rows) || begin > end)
      in.fail();
    if (kind == rows_kind::none ? end != 0 : in.ok() && (begin < cut || end - cut > rows->rows))
      in.fail();
    wire::decoder{in}.field(f.failed);
    if (!in.ok())
      break;
    if (kind != rows_kind::none) {
      f.rows = rows;
      f.begin = static_cast<std::uint32_t>(begin - cut);
      f.end = static_cast<std::uint32_t>(end - cut);
      f.base = static_cast<std::uint32_t>(base + cut);
    }
    if (!are_windows_of(f)) {
      in.fail();
      break;
    }
    frames.push_back(std::make_shared<const output_frame>(std::move(f)));
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "retained output is malformed");
  return frames;
}

std::string encode_segment(const std::vector<output_ptr>& frames) {
  wire::writer out;
  out.fixed(output_version);
  encode_frames(out, frames);
  return out.take();
}

expected<std::vector<output_ptr>> decode_segment(std::string_view bytes, const log_id& log) {
  wire::reader in(bytes);
  RETURN_IF_ERROR(wire::read_format_version(in, "spilled output", output_version));
  auto frames = decode_frames(in, log);
  if (frames && !in.at_end())
    return fatal_error(ec::corrupt, "spilled output has bytes after its end");
  return frames;
}

}  // namespace millrace::delivery
