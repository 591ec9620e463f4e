// The members of a report (report.hpp), for the pages and schemas that list them.
#pragma once

#include <boost/json/object.hpp>

namespace millrace::observe {

/// Returns a JSON Schema; "required" lists the members that each report has.
[[nodiscard]] boost::json::object report_schema();

}  // namespace millrace::observe
