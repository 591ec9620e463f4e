// Passwords in texts that are about to be shown, and the secrets that logs must not show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// `mysql://u:***@h/db`, `host=h password=*** user=u`. Masked parts are appended to `found`, if given.
[[nodiscard]] std::string mask_passwords(std::string_view text, std::vector<std::string>* found = nullptr);

/// A name under which a password or token is kept: `sasl.password`, `api_key`.
[[nodiscard]] bool names_a_secret(std::string_view name);

/// A text that must not be shown, and the one that stands for it.
struct secret {
  std::string value;
  std::string shown;  // `${VAR}` or `***`
};
/// Takes secrets out of texts: every occurrence, in small letters and capitals, and the beginning of one that was cut off
/// at the end of a text, from four characters on. A text is looked through once,
/// however many secrets there are.
class redaction {
public:
  explicit redaction(const std::vector<secret>& secrets);
  [[nodiscard]] std::string of(std::string_view text) const;

private:
  struct match {
    std::size_t size = 0;  // 0: no secret stands here
    const std::string* shown = nullptr;
  };
  [[nodiscard]] match longest_at(std::string_view text) const;

  std::vector<secret> secrets_;  // in small letters, by value
};
[[nodiscard]] std::string redact(std::string_view text, const std::vector<secret>& secrets);

}  // namespace millrace::config
