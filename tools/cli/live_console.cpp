#include "tools/cli/live_console.hpp"

#include "runtime/base/display.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/console/looking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <poll.h>
#include <thread>
#include <unistd.h>

// Last: it defines macros of short names.
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace millrace::cli {
namespace {

using console::line;

constexpr int wait_for_key = 100;  // ms; then what has come is drawn
constexpr std::chrono::seconds asked_every{1};
constexpr std::chrono::seconds end_limit{5};
constexpr int escape_wait = 25;  // ms between Esc and the rest of what a key sends
constexpr int ctrl_c = 3;
constexpr int ctrl_l = 12;  // draws all anew
constexpr int escape = 27;
constexpr int backspace = 127;

enum color_pair : short { title_colors = 1, trouble_colors = 2, head_colors = 3 };

/// Has the terminal from its beginning to its end.
class terminal {
public:
  terminal() : screen_(newterm(nullptr, stdout, stdin)) {
    if (screen_ == nullptr)
      return;
    set_escdelay(escape_wait);
    raw();  // Ctrl-C comes as a key, so that the terminal is given back as it was
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    timeout(wait_for_key);
    curs_set(0);
    const char* const no_color = std::getenv("NO_COLOR");
    has_color_ = has_colors() && (no_color == nullptr || *no_color == '\0');
    if (!has_color_)
      return;
    start_color();
    use_default_colors();
    init_pair(title_colors, COLOR_CYAN, -1);
    init_pair(trouble_colors, COLOR_RED, -1);
    init_pair(head_colors, COLOR_GREEN, -1);
  }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;
  ~terminal() {
    if (screen_ == nullptr)
      return;
    endwin();
    delscreen(screen_);
  }
  [[nodiscard]] bool is_there() const { return screen_ != nullptr; }

  void draw(const std::vector<line>& lines) const {
    erase();
    const auto columns = static_cast<std::size_t>(std::max(getmaxx(stdscr), 1));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto look = look_of(lines[i].how);
      attron(look);
      const auto whole = visible(lines[i].text);
      const auto text = fitting(whole, columns);
      mvaddnstr(static_cast<int>(i), 0, text.data(), static_cast<int>(text.size()));
      attroff(look);
    }
    refresh();
  }

private:
  [[nodiscard]] attr_t look_of(line::look l) const {
    const auto colored = [&](short pair) {
      return has_color_ ? static_cast<attr_t>(COLOR_PAIR(pair)) : A_NORMAL;
    };
    switch (l) {
    case line::look::title:
      return A_BOLD | colored(title_colors);
    case line::look::head:
      return A_BOLD | colored(head_colors);
    case line::look::selected:
      return A_REVERSE;
    case line::look::trouble:
      return A_BOLD | colored(trouble_colors);
    case line::look::dim:
      return A_DIM;
    case line::look::plain:
      break;
    }
    return A_NORMAL;
  }

  SCREEN* screen_;
  bool has_color_ = false;
};

std::string time_of_day() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// The screen, which keys change on one thread, and answers on another.
class live {
public:
  live(remote::ask_function ask, std::string topology)
      : ask_(std::move(ask)), screen_(std::move(topology)), thread_([this] { look(); }) {}
  live(const live&) = delete;
  live& operator=(const live&) = delete;
  ~live() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  [[nodiscard]] std::vector<line> picture() {
    const std::lock_guard lock(mutex_);
    return screen_.picture(static_cast<std::size_t>(std::max(getmaxy(stdscr), 1)),
                           static_cast<std::size_t>(std::max(getmaxx(stdscr), 1)));
  }
  /// Returns false if it was the last one.
  [[nodiscard]] bool on_key(int typed) {
    const std::lock_guard lock(mutex_);
    const auto before = screen_.question();
    take(typed);
    if (screen_.question() != before)
      wake_.notify_all();
    return !screen_.is_over();
  }

private:
  void take(int typed) {
    using console::key;
    switch (typed) {
    case KEY_UP:
      return screen_.on_key(key::up);
    case KEY_DOWN:
      return screen_.on_key(key::down);
    case KEY_PPAGE:
      return screen_.on_key(key::page_up);
    case KEY_NPAGE:
      return screen_.on_key(key::page_down);
    case KEY_HOME:
      return screen_.on_key(key::first);
    case KEY_END:
      return screen_.on_key(key::last);
    case KEY_ENTER:
    case '\r':
    case '\n':
      return screen_.on_key(key::enter);
    case KEY_BACKSPACE:
    case backspace:
    case '\b':
      return screen_.on_key(key::back, '\b');
    case escape:
      return screen_.on_key(key::back);
    case '\t':
      return screen_.on_key(key::next_view);
    case KEY_BTAB:
      return screen_.on_key(key::last_view);
    case ctrl_c:
      return screen_.on_key(key::other, 'q');
    default:
      if (typed > 0 && typed < 256)
        screen_.on_key(key::other, static_cast<char>(typed));
    }
  }

  void look() {
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      const auto question = screen_.question();
      const auto v = screen_.shown();
      const auto topology = screen_.topology();
      const auto stage = screen_.stage();
      const auto cursor = screen_.cursor();
      lock.unlock();
      auto found = console::look(ask_, v, topology, stage, cursor);
      lock.lock();
      if (found) {
        screen_.choose(found->topology);
        screen_.on_answer(question, std::move(found->what), time_of_day());
      } else {
        screen_.on_trouble(question, describe(found.error()) + (found.error().retry ? "; trying again" : ""));
      }
      wake_.wait_for(lock, asked_every, [&] { return is_over_ || screen_.question() != question; });
    }
  }

  remote::ask_function ask_;
  std::mutex mutex_;
  std::condition_variable wake_;
  console::screen screen_;
  bool is_over_ = false;
  std::thread thread_;
};

/// Reading it would give an error at once, again and again.
bool is_terminal_gone() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace

expected<void> show_live(const remote::ask_function& ask, const std::string& topology) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return user_error(
        ec::invalid_argument,
        "there is no terminal to show the screen in; -e COMMAND prints an answer once (-e help lists "
        "the commands)");
  std::setlocale(LC_ALL, "");
  std::atomic<bool> is_ended = false;
  {
    const terminal t;
    if (!t.is_there()) {
      const char* const type = std::getenv("TERM");
      return user_error(
          ec::invalid_argument,
          fmt::format("millrace knows no terminal of the type \"{}\"; set TERM, or ask by -e COMMAND",
                      visible(type == nullptr ? "" : type)));
    }
    const orderly_end ends(end_limit, [&] { is_ended = true; });
    live shown(ask, topology);
    for (bool goes_on = true; goes_on && !is_ended;) {
      t.draw(shown.picture());
      const int typed = getch();
      if (typed == ctrl_l)
        clearok(curscr, TRUE);
      else if (typed != ERR)
        goes_on = shown.on_key(typed);
      else
        goes_on = !is_terminal_gone();
    }
  }
  return {};
}

}  // namespace millrace::cli
