// A chain in memory that several writers share: a record a place, and each step at the store apart. As the
// model has it (nodes_model.py, class Dir), but without files: the protocol alone. The next step, one
// topology over several nodes in one process, simulates on it.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/chain/rules.hpp"
#include "tests/property/chain/stopping_file_system.hpp"

#include <map>
#include <memory>
#include <set>

namespace millrace::chain::trial {

struct memory_record {
  life by;
  std::uint64_t behind = 0;  // the place of the last record that counts
  bool is_base = false;
  bool is_opening = false;
  std::string payload;
};

struct memory_places {
  std::map<std::uint64_t, memory_record> records;
  std::set<std::uint64_t> marks{0};
};

class memory_chain final : public actor_chain {
public:
  [[nodiscard]] static expected<std::unique_ptr<memory_chain>>
  open(std::shared_ptr<memory_places> all, trouble& t, std::function<void()> stop, incarnation term);

  expected<contents> read() override;
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> append_base(std::string_view base) override;
  [[nodiscard]] weight size() const override { return {0, 0, increments_, 0, false}; }
  [[nodiscard]] std::uint64_t bytes() const override { return 0; }

private:
  struct view {
    std::uint64_t mark = 0;
    std::map<std::uint64_t, memory_record> records;
    [[nodiscard]] std::uint64_t last() const { return records.empty() ? 0 : records.rbegin()->first; }
    [[nodiscard]] life highest() const;
  };

  memory_chain(std::shared_ptr<memory_places> all, trouble& t, std::function<void()> stop, incarnation term)
      : all_(std::move(all)), trouble_(t), stop_(std::move(stop)), life_{term, 0} {}
  view scan();
  [[nodiscard]] contents restore(const view& v) const;
  [[nodiscard]] expected<bool> create(std::uint64_t place, memory_record r);
  [[nodiscard]] expected<void> store(memory_record r);
  [[nodiscard]] expected<void> not_known(error why);
  void trim(std::uint64_t mark);

  std::shared_ptr<memory_places> all_;
  trouble& trouble_;
  std::function<void()> stop_;
  life life_;
  std::uint64_t tail_ = 0;  // the last record that counts
  std::uint64_t last_ = 0;  // the last place that is known to be taken
  std::uint64_t base_ = 0;
  std::uint64_t increments_ = 0;
  bool is_unsure_ = false;
};

}  // namespace millrace::chain::trial
