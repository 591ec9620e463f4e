// The API as documents, made of what is declared: routes (actors/api/requests.hpp) and the members of their answers.
#pragma once

#include <string>

namespace millrace::observe {

/// OpenAPI 3.1, as docs/openapi.json has it.
[[nodiscard]] std::string openapi_text(const std::string& version);
/// The same for people, as docs/api.md has it.
[[nodiscard]] std::string api_page();

}  // namespace millrace::observe
