#include "tests/property/chain/kept.hpp"

#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"

#include <utility>

namespace millrace::chain::trial {
namespace {

constexpr const char* value_name = "all";
constexpr const char* number_name = "number";

tokens parts_of(const std::string& text) {
  tokens all;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find(',', at);
    all.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

expected<std::string> join(const contents& c) {
  auto all = c.base;
  for (const auto& i : c.increments)
    all += i;
  return all;
}

class in_snapshots final : public kept {
public:
  in_snapshots(std::unique_ptr<actor_chain> records, std::function<bool()> twice)
      : chain_(std::move(records), {.smallest_base = 12, .most_increments = 3}), twice_(std::move(twice)) {}

  expected<tokens> found() override { return chain_.load().and_then(join).map(parts_of); }
  expected<void> add(const std::string& t) override {
    return chain_.append(t + ",", twice_()).map([](auto) {});
  }
  expected<void> tidy() override {
    return chain_.compact(join).map([](bool) {});
  }

private:
  snapshot::merged_snapshots chain_;
  std::function<bool()> twice_;
};

/// A value that is replaced each time: one that is stale would lose what others have added.
class in_value : public kept {
public:
  expected<tokens> found() override { return text_of_value().map(parts_of); }
  expected<void> add(const std::string& t) override {
    const auto before = text_of_value();
    return before ? put(*before + t + ",") : tl::unexpected(before.error());
  }

protected:
  [[nodiscard]] virtual expected<std::string> text_of_value() = 0;
  [[nodiscard]] virtual expected<void> put(const std::string& text) = 0;
};

class in_control final : public in_value {
public:
  explicit in_control(std::unique_ptr<snapshot::control_chain> c) : control_(std::move(c)) {}

protected:
  expected<std::string> text_of_value() override {
    const auto& values = control_->known().values;
    const auto found = values.find(value_name);
    return found == values.end() ? std::string() : found->second;
  }
  expected<void> put(const std::string& text) override {
    return control_->change({false, {}, {{value_name, text}}});
  }

private:
  std::unique_ptr<snapshot::control_chain> control_;
};

/// A counter in a value: no number is given twice, since nobody replaces the value of who has the folder.
expected<incarnation> next_number(snapshot::state_store& store) {
  const auto last = store.get(number_name);
  if (!last && last.error().code != ec::not_found)
    return tl::unexpected(last.error());
  const auto next = last ? std::stoull(*last) + 1 : 1;
  return store.put(number_name, std::to_string(next)).map([&] { return incarnation{next}; });
}

class in_folder final : public in_value {
public:
  in_folder(std::unique_ptr<snapshot::state_store> store, told_term given)
      : store_(std::move(store)), given_(std::move(given)) {}

  expected<void> tidy() override {
    for (int i = 0; i < 20; ++i) {
      const auto next = next_number(*store_);
      if (!next)
        return tl::unexpected(next.error());
      given_(*next);
    }
    return {};
  }

protected:
  expected<std::string> text_of_value() override {
    auto text = store_->get(value_name);
    if (!text && text.error().code == ec::not_found)
      return std::string();
    return text;
  }
  expected<void> put(const std::string& text) override { return store_->put(value_name, text); }

private:
  std::unique_ptr<snapshot::state_store> store_;
  told_term given_;
};

}  // namespace

std::unique_ptr<kept> keep_snapshots(std::unique_ptr<actor_chain> records, std::function<bool()> twice) {
  return std::make_unique<in_snapshots>(std::move(records), std::move(twice));
}

expected<std::unique_ptr<kept>> keep_control(snapshot::file_system& files, const told_term& began) {
  const auto look = snapshot::look_at_control(files, "/a");
  if (!look)
    return tl::unexpected(look.error());
  began(look->highest.term + 1);
  auto opened = snapshot::control_chain::open(files, "/a", look->highest, 0);
  if (!opened)
    return tl::unexpected(opened.error());
  return std::make_unique<in_control>(std::move(*opened));
}

expected<std::unique_ptr<kept>> keep_folder(snapshot::file_system& files, const told_term& began,
                                            told_term given) {
  auto opened = snapshot::open_dir_store({"/a", "clicks"}, files);
  if (!opened)
    return tl::unexpected(opened.error());
  const auto first = next_number(**opened);
  if (!first)
    return tl::unexpected(first.error());
  began(*first);
  given(*first);
  return std::make_unique<in_folder>(std::move(*opened), std::move(given));
}

}  // namespace millrace::chain::trial
