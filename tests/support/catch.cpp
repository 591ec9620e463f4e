// The one source through which test_main builds the precompiled header that all test programs share: main.cpp
// cannot, since it defines CATCH_CONFIG_MAIN before the include.
#include <catch2/catch.hpp>
