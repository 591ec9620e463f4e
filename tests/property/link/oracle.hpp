// Knows what was sent in each session, and what may be delivered of it: the obvious way, with all of it kept.
#pragma once

#include "runtime/link/node_link.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

namespace millrace::link::trial {

struct wrong {
  std::string text;
};
inline void require(bool is_true, const std::string& text) {
  if (!is_true)
    throw wrong{text};
}

/// One edge in one direction of one session. Notes are "from-to", each from where the last one ended.
class edge_log {
public:
  void sent(kind k, std::string text, std::uint64_t fence) { all_.push_back({k, std::move(text), fence}); }

  void delivered(kind k, const std::string& text) {
    const auto at = k == kind::note ? end_of_notes(text) : index_of(k, text);
    const auto from = next_[static_cast<std::size_t>(k)];
    for (std::size_t i = 0; i < at; ++i) {
      const auto& m = all_[i];
      const auto of = static_cast<std::size_t>(m.kind);
      if (m.kind != k)
        require(m.kind != kind::content || i < next_[of], "content was overtaken by " + text);
      else if (i >= from)
        require(k != kind::content,
                fmt::format("{} comes before {}", text.substr(0, 20), m.text.substr(0, 20)));
      if (k == kind::content && m.kind != k)
        require(i < next_[of], fmt::format("content has overtaken {}", m.text));
    }
    next_[static_cast<std::size_t>(k)] = at + 1;
  }

  /// Checks, after quiet, that the last message of each kind has come.
  void complete() const {
    for (std::size_t i = 0; i < all_.size(); ++i)
      require(i < next_[static_cast<std::size_t>(all_[i].kind)],
              fmt::format("{} has not arrived", all_[i].text.substr(0, 20)));
  }

private:
  struct item {
    link::kind kind;
    std::string text;
    std::uint64_t fence;
  };

  [[nodiscard]] std::size_t index_of(kind k, const std::string& text) const {
    for (auto i = next_[static_cast<std::size_t>(k)]; i < all_.size(); ++i)
      if (all_[i].kind == k && all_[i].text == text)
        return i;
    throw wrong{fmt::format("{} was not sent, or comes twice", text.substr(0, 20))};
  }

  /// A note that is one or more in a row, of one fence, with no content between them.
  [[nodiscard]] std::size_t end_of_notes(const std::string& text) const {
    const auto from = text.substr(0, text.find('-')), to = text.substr(text.find('-') + 1);
    auto i = next_[static_cast<std::size_t>(kind::note)];
    while (i < all_.size() && all_[i].kind != kind::note)
      ++i;
    require(i < all_.size() && all_[i].text.starts_with(from + "-"), "the note " + text + " leaves one out");
    for (const auto fence = all_[i].fence; i < all_.size() && all_[i].kind != kind::content; ++i) {
      require(all_[i].kind != kind::note || all_[i].fence == fence, text + " joins notes of two fences");
      if (all_[i].kind == kind::note && all_[i].text.ends_with("-" + to))
        return i;
    }
    throw wrong{"the note " + text + " was not sent"};
  }

  std::vector<item> all_;
  std::size_t next_[kinds] = {};  // by kind: after the last that was delivered
};

/// Sessions as their senders name them.
class oracle {
public:
  void sent(const session& in, edge_id edge, kind k, std::string text, std::uint64_t fence) {
    logs_[in][edge].sent(k, std::move(text), fence);
  }
  void delivered(const session& in, const link::delivered& m) {
    logs_[in][m.edge].delivered(m.kind, std::string(m.bytes.bytes));
  }
  void complete(const session& in) const {
    if (const auto at = logs_.find(in); at != logs_.end())
      for (const auto& [edge, log] : at->second)
        log.complete();
  }

private:
  std::map<session, std::map<edge_id, edge_log>> logs_;
};

}  // namespace millrace::link::trial
