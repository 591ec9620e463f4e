// The default sink of dead letters on a cluster: it keeps them in the cluster's store, where every node finds them
// again. Letters and progress are one record of a chain, so a commit is one step, and a writer of an older life is
// fenced off by the chain itself.
#pragma once

#include "actors/stream/sink/files/roll_option.hpp"
#include "actors/stream/sink/letters/letter_record.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "actors/stream/sink/sink.hpp"
#include "config/catalog.hpp"
#include "runtime/base/life.hpp"
#include "runtime/chain/named_chains.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace::sink {

/// A part is read as a whole, so it is no larger, but for the commit that fills it.
inline constexpr std::uint64_t largest_stored_part = std::uint64_t{4} << 20;

/// Reads the options of `dead_letters`. Parts are never larger than largest_stored_part.
[[nodiscard]] part_options stored_parts_of(const config::values& options);

class stored_letters final : public writer {
public:
  stored_letters(std::shared_ptr<chain::named_chains> chains, row_format format, part_options parts,
                 const wall_clock& clock = system_clock())
      : chains_(std::move(chains)), format_(std::move(format)), parts_(parts), clock_(&clock) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  /// Ends a part that has become old enough while nothing was written.
  [[nodiscard]] expected<void> keep_alive() override;
  [[nodiscard]] std::optional<micros> keep_alive_in() const override;

private:
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] expected<void> begin_part();
  [[nodiscard]] expected<void> empty_oldest(std::uint64_t next);
  [[nodiscard]] expected<void> join_commits();
  [[nodiscard]] expected<std::optional<letter_record>> read();

  std::shared_ptr<chain::named_chains> chains_;
  row_format format_;
  part_options parts_;
  const wall_clock* clock_;
  life now_;
  std::unique_ptr<chain::actor_chain>
      open_;                 // null after an error: what was half done is found by the next open
  letter_record part_;       // the open one, without its lines
  std::uint64_t bytes_ = 0;  // bytes of its lines
  std::string buffer_;       // written and not committed
  std::uint64_t rows_ = 0;   // rows in it
};

/// The numbers of the parts that are kept, the open one last; no part: `last` is below `first`.
struct parts_of_letters {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};
[[nodiscard]] expected<parts_of_letters> kept_letters(chain::named_chains& chains);

/// One part, and the number of the next one; none where this is the open one.
struct page_of_letters {
  std::string lines;
  std::optional<std::uint64_t> next;
};
/// Reads the oldest part that is kept (0), or the first that is from `part` on; blocks. The open part of a
/// running sink is what it was at some moment of the call.
[[nodiscard]] expected<page_of_letters> read_letters(chain::named_chains& chains, std::uint64_t part);

}  // namespace millrace::sink
