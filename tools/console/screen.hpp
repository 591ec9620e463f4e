// The live screen of `millrace console`, without the terminal: which view is shown, what a key changes, and the lines of
// the picture. Pure: the owner asks what wanted() names, brings the answers, and draws the lines.
#pragma once

#include "tools/console/texts.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::console {

enum class view : std::uint8_t {
  topologies,
  nodes,
  stages,
  lanes,
  shards,
  sinks,
  ledger,
  letters,
  edges,
  events,
  stage,
  tap,
  help
};

/// The content of the picture: a table, and lines above it.
struct content {
  std::vector<std::string> lines;  // lines without control characters
  grid table;
  std::string cursor{};  // of a tap: its next question asks for rows after this
};

enum class key : std::uint8_t {
  up,
  down,
  page_up,
  page_down,
  first,
  last,
  enter,
  back,
  next_view,
  last_view,
  other
};

/// A line of the picture, and how it is to stand out.
struct line {
  enum class look : std::uint8_t { plain, title, head, selected, trouble, dim } how = look::plain;
  std::string text;
};

class screen {
public:
  explicit screen(std::string topology) : topology_(std::move(topology)) {}

  /// The view that is to be asked for, and about what. A topology that is empty is yet to be chosen.
  [[nodiscard]] view shown() const { return view_; }
  [[nodiscard]] const std::string& topology() const { return topology_; }
  [[nodiscard]] const std::string& stage() const { return stage_; }  // a tap's edge
  [[nodiscard]] const std::string& cursor() const { return content_.cursor; }
  /// Space holds the picture: answers that come are not shown.
  [[nodiscard]] bool is_held() const { return is_held_; }
  [[nodiscard]] bool is_over() const { return is_over_; }
  /// Rises with each change of what is asked for: an answer to an older question is dropped.
  [[nodiscard]] std::uint64_t question() const { return question_; }

  /// `letter`: of key::other, one byte of what was typed.
  void on_key(key k, char letter = '\0');
  /// The answer to this question, at this time of day; or why there is none, which is shown until one comes.
  void on_answer(std::uint64_t question, content c, std::string time);
  void on_trouble(std::uint64_t question, std::string why);
  /// Only one topology is there: it is the one that is meant.
  void choose(const std::string& topology);

  /// Exactly `height` lines. Sentences go on in the next line where they do not fit into `width`; the table's
  /// rows are of any width: the drawer cuts them.
  [[nodiscard]] std::vector<line> picture(std::size_t height, std::size_t width);

private:
  void show(view v);
  [[nodiscard]] bool is_wrong(const std::vector<std::string>& row) const;
  void go_back();
  void enter();
  void sort();
  /// The rows of the table that pass the filter, sorted.
  [[nodiscard]] std::vector<const std::vector<std::string>*> rows() const;
  [[nodiscard]] std::string title() const;

  view view_ = view::topologies;
  view before_ = view::topologies;  // the view that `stage` and `help` go back to
  std::string topology_;
  std::string stage_;
  content content_;
  bool has_content_ = false;
  std::string time_;
  std::string trouble_;
  std::string filter_;
  bool is_filtering_ = false;
  bool is_held_ = false;
  bool is_over_ = false;
  std::optional<std::size_t> sorted_by_;
  std::size_t selected_ = 0;
  std::size_t top_ = 0;
  std::size_t page_ = 10;  // rows that fitted last
  std::uint64_t question_ = 1;
};

/// The text in lines of at most so many characters, broken between words where that is possible.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Numbers by their value, others as text.
[[nodiscard]] bool comes_before(std::string_view a, std::string_view b);

}  // namespace millrace::console
