// Markdown that people read in a terminal as well: its prose is wrapped. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// The page with its paragraphs and list entries filled anew where one of their lines is longer than `width` bytes. Headings, tables,
/// comments and code stay as they are, and no `code` is broken over two lines.
[[nodiscard]] std::string wrapped_page(std::string_view markdown, std::size_t width = 120);

}  // namespace millrace
