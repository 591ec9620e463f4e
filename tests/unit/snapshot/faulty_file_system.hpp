// A file system in memory that can fail or crash at any operation, in the middle of one too, and that on a
// loss of power forgets what was not synced: file contents in several ugly ways, names in any subset or
// prefix.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>

namespace millrace::snapshot::test {

class faulty_file_system final : public file_system {
public:
  explicit faulty_file_system(std::uint64_t seed = 0) : random_(seed) {}

  /// Dead after that many operations; the last one may have happened in part.
  void crash_after(std::uint64_t operations) { left_ = operations; }
  [[nodiscard]] bool is_dead() const { return left_ == 0; }
  /// The next `good` operations succeed and the n after them fail, as on a full disk.
  void fail_next(unsigned n, unsigned good = 0) {
    fail_next_ = n;
    good_ = good;
  }
  /// Alive again; after a mere crash of the process nothing is lost.
  void restart(bool power_was_lost) {
    if (power_was_lost)
      lose(*root_);
    left_ = never;
    fail_next_ = good_ = 0;
    locks_.clear();
  }
  /// Called at the beginning of each append, on the appender's thread: a disk that takes its time.
  void on_append(std::function<void()> f) { on_append_ = std::move(f); }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

  /// Files below a folder, with their full paths.
  [[nodiscard]] std::vector<std::string> all_files(const std::string& folder) {
    std::vector<std::string> out;
    if (auto* n = find(folder))
      collect(*n, folder, out);
    return out;
  }
  [[nodiscard]] std::string& contents(const std::string& path) { return find(path)->data; }
  /// Writes past the store, durably.
  void put(const std::string& path, std::string bytes) {
    auto file = std::make_shared<node>();
    file->synced = file->data = std::move(bytes);
    auto [parent, name] = split(path);
    parent->now[name] = parent->durable[name] = file;
  }
  /// Damage: durable at once.
  void lose_file(const std::string& path) {
    auto [parent, name] = split(path);
    parent->now.erase(name);
    parent->durable.erase(name);
  }
  void damage(const std::string& path) {
    auto& file = *find(path);
    auto& data = file.data;
    if (data.empty()) {
      data = "?";
    } else if (below(2)) {
      data.resize(below(data.size()));
    } else {
      data[below(data.size())] ^= static_cast<char>(1U << below(8));
    }
    file.synced = data;
  }
  /// The same files once more, everything durable.
  [[nodiscard]] std::unique_ptr<faulty_file_system> clone() const {
    auto other = std::make_unique<faulty_file_system>();
    other->root_ = copy_of(*root_);
    return other;
  }
  /// The process died before the last sync of the file: its newest record is in memory only.
  void forget_last_sync(const std::string& path) {
    auto& file = *find(path);
    file.synced = file.synced_before;
  }
  /// Everything so far is durable.
  void settle() { settle(*root_); }

  expected<bool> make_folder(const std::string& path) override {
    if (path.empty() || path == "/")
      return false;
    return step(path, [&]() -> expected<bool> {
      auto [parent, name] = split(path);
      if (!parent)
        return user_error(ec::not_found, path);
      if (const auto found = parent->now.find(name); found != parent->now.end()) {
        if (!found->second->is_folder)
          return user_error(ec::io, path + " is a file");
        return false;
      }
      auto folder = std::make_shared<node>();
      folder->is_folder = true;
      change(*parent, {{name, folder}});
      return true;
    });
  }

  expected<std::vector<entry>> list(const std::string& path) override {
    if (is_dead())
      return dead();
    auto* n = find(path);
    if (!n)
      return user_error(ec::not_found, path);
    if (!n->is_folder)
      return user_error(ec::io, path + " is a file");
    std::vector<entry> out;
    for (const auto& [name, child] : n->now)
      out.push_back({name, child->data.size(), child->is_folder});
    return out;
  }

  expected<std::string> read(const std::string& path) override {
    if (is_dead())
      return dead();
    if (const auto* n = find(path))
      return n->data;
    return user_error(ec::not_found, path);
  }

  expected<std::string> read_part(const std::string& path, std::uint64_t offset,
                                  std::uint64_t length) override {
    return read(path).map(
        [&](std::string&& all) { return all.substr(std::min(all.size(), offset), length); });
  }

  expected<void> write(const std::string& path, parts contents, bool synced) override {
    std::string all;
    for (const auto part : contents)
      all.append(part);
    auto [parent, name] = split(path);
    if (!parent)
      return user_error(ec::not_found, path);
    const auto created = [&, parent = parent, name = name]() -> node& {
      auto& file = parent->now[name];
      if (!file) {
        file = std::make_shared<node>();
        parent->pending.push_back({{name, file}});
      }
      file->data.clear();
      return *file;
    };
    if (const auto trouble = begin()) {
      if (below(2))
        created().data = all.substr(0, below(all.size() + 1));
      return *trouble;
    }
    auto& file = created();
    file.data = all;
    if (synced)
      sync(file);
    return {};
  }

  expected<void> append(const std::string& path, parts contents, bool synced) override {
    if (on_append_)
      on_append_();
    std::string bytes;
    for (const auto part : contents)
      bytes.append(part);
    auto* file = find(path);
    if (const auto trouble = begin()) {
      if (file && below(2))
        file->data.append(bytes, 0, below(bytes.size() + 1));
      return *trouble;
    }
    if (!file)
      return user_error(ec::not_found, path);
    file->data.append(bytes);
    if (synced)
      sync(*file);
    return {};
  }

  expected<void> publish(const std::string& from, const std::string& to) override {
    return step(to, [&]() -> expected<void> {
      if (find(to))
        return fatal_error(ec::already_exists, to);
      return move(from, to);
    });
  }
  expected<void> replace(const std::string& from, const std::string& to) override {
    return step(to, [&] { return move(from, to); });
  }
  expected<void> remove(const std::string& path) override {
    return step(path, [&]() -> expected<void> {
      auto [parent, name] = split(path);
      if (!parent || !parent->now.contains(name))
        return {};
      if (!parent->now[name]->now.empty())
        return user_error(ec::io, path + " is not empty");
      change(*parent, {{name, nullptr}});
      return {};
    });
  }
  expected<void> sync_folder(const std::string& path) override {
    if (const auto trouble = begin())
      return *trouble;
    auto* n = find(path);
    if (!n)
      return user_error(ec::not_found, path);
    n->durable = n->now;
    n->pending.clear();
    ++syncs_;
    return {};
  }

  expected<std::unique_ptr<folder_lock>> lock(const std::string& path, lock_kind kind) override {
    RETURN_IF_ERROR(write(path, {"process 1 on test\n"}, false));
    auto& last = locks_[path];
    auto holders = last.lock();
    if (holders && (kind == lock_kind::exclusive || *holders == lock_kind::exclusive))
      return user_error(ec::locked, "process 1 on test");
    if (!holders)
      last = holders = std::make_shared<const lock_kind>(kind);
    struct held final : folder_lock {
      explicit held(std::shared_ptr<const lock_kind> h) : holders(std::move(h)) {}
      std::shared_ptr<const lock_kind> holders;
    };
    return std::make_unique<held>(std::move(holders));
  }

private:
  struct node;
  using changes = std::vector<std::pair<std::string, std::shared_ptr<node>>>;  // null: the name is gone
  struct node {
    bool is_folder = false;
    std::string data, synced, synced_before;
    std::map<std::string, std::shared_ptr<node>> now, durable;
    std::vector<changes> pending;  // changes since the last sync of the folder
  };
  static constexpr std::uint64_t never = ~0ULL;

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  static unexpected dead() { return outside_error(ec::io, "the machine is off"); }

  /// An error when this operation is not to happen as it should.
  std::optional<unexpected> begin() {
    if (is_dead())
      return dead();
    ++operations_;
    if (left_ != never && --left_ == 0)
      return dead();
    if (good_ > 0) {
      --good_;
    } else if (fail_next_ > 0) {
      --fail_next_;
      return outside_error(ec::io, "no space left");
    }
    return std::nullopt;
  }

  /// Runs an operation that happens or not: at a crash it may have happened unseen.
  template<class F>
  auto step(const std::string&, F&& operation) -> decltype(operation()) {
    const bool was_dead = is_dead();
    if (const auto trouble = begin()) {
      if (!was_dead && is_dead() && below(2))
        (void)operation();
      return *trouble;
    }
    return operation();
  }

  void sync(node& file) {
    file.synced_before = std::exchange(file.synced, file.data);
    ++syncs_;
  }

  void change(node& folder, changes c) {
    apply(folder.now, c);
    folder.pending.push_back(std::move(c));
  }
  static void apply(std::map<std::string, std::shared_ptr<node>>& names, const changes& c) {
    for (const auto& [name, file] : c) {
      if (file)
        names[name] = file;
      else
        names.erase(name);
    }
  }
  expected<void> move(const std::string& from, const std::string& to) {
    auto [parent, old_name] = split(from);
    auto [same, new_name] = split(to);
    if (!parent || !parent->now.contains(old_name))
      return user_error(ec::not_found, from);
    change(*parent, {{new_name, parent->now[old_name]}, {old_name, nullptr}});
    return {};
  }

  node* find(const std::string& path) {
    auto* n = root_.get();
    for (std::size_t at = 0; at < path.size();) {
      const auto end = std::min(path.find('/', at), path.size());
      if (end > at) {
        const auto found = n->now.find(path.substr(at, end - at));
        if (found == n->now.end())
          return nullptr;
        n = found->second.get();
      }
      at = end + 1;
    }
    return n;
  }
  std::pair<node*, std::string> split(const std::string& path) {
    const auto slash = path.rfind('/');
    return {find(path.substr(0, slash)), path.substr(slash + 1)};
  }
  static void collect(const node& n, const std::string& path, std::vector<std::string>& out) {
    for (const auto& [name, child] : n.now) {
      if (child->is_folder)
        collect(*child, path + "/" + name, out);
      else
        out.push_back(path + "/" + name);
    }
  }
  static std::shared_ptr<node> copy_of(const node& n) {
    auto copy = std::make_shared<node>();
    copy->is_folder = n.is_folder;
    copy->data = copy->synced = n.data;
    for (const auto& [name, child] : n.now)
      copy->now[name] = copy_of(*child);
    copy->durable = copy->now;
    return copy;
  }
  static void settle(node& n) {
    n.synced = n.data;
    n.durable = n.now;
    n.pending.clear();
    for (auto& [name, child] : n.now)
      settle(*child);
  }

  void lose(node& n) {
    if (!n.is_folder && &n != root_.get()) {
      if (n.data != n.synced)
        lose_contents(n);
      return;
    }
    // A journalling file system keeps a prefix of what was done to the names, others any part.
    const bool prefix = below(2) == 0;
    const auto kept = below(n.pending.size() + 1);
    auto names = n.durable;
    for (std::size_t i = 0; i < n.pending.size(); ++i)
      if (prefix ? i < kept : below(2) == 0)
        apply(names, n.pending[i]);
    n.now = n.durable = names;
    n.pending.clear();
    for (auto& [name, child] : n.now)
      lose(*child);
  }
  void lose_contents(node& file) {
    switch (below(5)) {
    case 0:  // no byte of it came
      file.data = file.synced;
      break;
    case 1:
      file.data.clear();
      break;
    case 2:  // the length came, the blocks did not
      file.data.assign(file.data.size(), '\0');
      break;
    case 3:
      file.data.resize(below(file.data.size() + 1));
      break;
    default:
      break;
    }
    // Bytes that had been synced are there in any case; files only grow after their sync, or are written
    // anew.
    if (file.data.size() >= file.synced.size())
      file.data.replace(0, file.synced.size(), file.synced);
    else
      file.data = file.synced;
    file.synced = file.data;
  }

  std::mt19937_64 random_;
  std::function<void()> on_append_;
  std::shared_ptr<node> root_ = [] {
    auto n = std::make_shared<node>();
    n->is_folder = true;
    return n;
  }();
  std::uint64_t left_ = never;
  std::uint64_t operations_ = 0;
  std::uint64_t syncs_ = 0;
  unsigned fail_next_ = 0;
  unsigned good_ = 0;
  std::map<std::string, std::weak_ptr<const lock_kind>> locks_;  // shared by those who hold one
};

}  // namespace millrace::snapshot::test
