#include "actors/without_secrets.hpp"

#include "actors/stream/source/kept_schemas.hpp"
#include "config/secrets.hpp"

namespace millrace {
namespace {

template<class T>
expected<T> masked(expected<T> found) {
  if (!found)
    found.error().message = config::without_secrets(std::move(found.error().message));
  return found;
}

class discreet_reader final : public source::reader {
public:
  explicit discreet_reader(std::unique_ptr<source::reader> own) : own_(std::move(own)) {}

  expected<std::vector<source::partition_info>> discover(std::chrono::milliseconds timeout) override {
    return masked(own_->discover(timeout));
  }
  expected<std::vector<source::partition_info>> discover_beside(const std::set<std::string>& known,
                                                                std::chrono::milliseconds timeout) override {
    return masked(own_->discover_beside(known, timeout));
  }
  expected<void> assign(const std::string& partition, position from) override {
    return masked(own_->assign(partition, from));
  }
  void unassign(const std::string& partition) override { own_->unassign(partition); }
  expected<std::optional<source::chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                              std::chrono::milliseconds timeout) override {
    return masked(own_->read(wanted, max_bytes, timeout));
  }
  void acknowledge(const std::string& partition, position durable) override {
    own_->acknowledge(partition, durable);
  }
  std::optional<source::backlog> lag() override { return own_->lag(); }
  std::optional<std::uint64_t> lag_bytes() override { return own_->lag_bytes(); }
  void interrupt() override { own_->interrupt(); }
  void close() override { own_->close(); }
  std::optional<std::string> warning() override {
    auto text = own_->warning();
    return text ? std::optional(config::without_secrets(std::move(*text))) : std::nullopt;
  }
  std::string identity() const override { return own_->identity(); }
  std::uint64_t identity_version() const override { return own_->identity_version(); }
  void note_progress() override { own_->note_progress(); }
  expected<void> check_identity(std::string_view stored) override {
    // A parser may have had a registry when the state was made, and have none now.
    return masked(own_->check_identity(source::without_schemas(stored)));
  }

private:
  std::unique_ptr<source::reader> own_;
};

class discreet_writer final : public sink::writer {
public:
  explicit discreet_writer(std::unique_ptr<sink::writer> own) : own_(std::move(own)) {}

  expected<std::optional<sink::progress>> open(const sink::claim& who) override {
    return masked(own_->open(who));
  }
  expected<void> write(const data::batch& rows) override { return masked(own_->write(rows)); }
  void end_of_window() override { own_->end_of_window(); }
  std::optional<micros> commit_in() const override { return own_->commit_in(); }
  expected<std::uint64_t> commit(const sink::progress& p) override { return masked(own_->commit(p)); }
  expected<std::vector<sink::rejected_row>> rejected(std::uint64_t after, std::size_t limit) override {
    return masked(own_->rejected(after, limit));
  }
  void forget_rejected(std::uint64_t up_to) override { own_->forget_rejected(up_to); }
  expected<void> keep_alive() override { return masked(own_->keep_alive()); }
  std::optional<micros> keep_alive_in() const override { return own_->keep_alive_in(); }

private:
  std::unique_ptr<sink::writer> own_;
};

}  // namespace

std::unique_ptr<source::reader> without_secrets(std::unique_ptr<source::reader> own) {
  return std::make_unique<discreet_reader>(std::move(own));
}

std::unique_ptr<sink::writer> without_secrets(std::unique_ptr<sink::writer> own) {
  return std::make_unique<discreet_writer>(std::move(own));
}

}  // namespace millrace
