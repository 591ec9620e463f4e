// The functions of XGBoost's C API that training needs, declared by hand: the library is looked for while
// running, so that building millrace needs none of it. They are as in xgboost/c_api.h since version 1.6.
#pragma once

#include <cstdint>

namespace millrace::model {

using xgboost_count = std::uint64_t;  // bst_ulong
using xgboost_matrix = void*;         // DMatrixHandle
using xgboost_booster = void*;        // BoosterHandle

/// X(returned type, name, parameters). An int returned is 0 for success.
#define MILLRACE_XGBOOST_FUNCTIONS(X)                                                                        \
  X(void, XGBoostVersion, (int* major, int* minor, int* patch))                                              \
  X(const char*, XGBGetLastError, ())                                                                        \
  X(int, XGBSetGlobalConfig, (const char* json))                                                             \
  X(int, XGDMatrixCreateFromMat,                                                                             \
    (const float* row_major, xgboost_count rows, xgboost_count columns, float missing, xgboost_matrix*))     \
  X(int, XGDMatrixSetFloatInfo, (xgboost_matrix, const char* field, const float*, xgboost_count))            \
  X(int, XGBoosterSetStrFeatureInfo,                                                                         \
    (xgboost_booster, const char* field, const char** texts, xgboost_count))                                 \
  X(int, XGDMatrixFree, (xgboost_matrix))                                                                    \
  X(int, XGBoosterCreate, (const xgboost_matrix*, xgboost_count, xgboost_booster*))                          \
  X(int, XGBoosterSetParam, (xgboost_booster, const char* name, const char* value))                          \
  X(int, XGBoosterUpdateOneIter, (xgboost_booster, int iteration, xgboost_matrix))                           \
  X(int, XGBoosterSaveModelToBuffer, (xgboost_booster, const char* json, xgboost_count*, const char**))      \
  X(int, XGBoosterFree, (xgboost_booster))

struct xgboost_api {
#define MILLRACE_XGBOOST_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  MILLRACE_XGBOOST_FUNCTIONS(MILLRACE_XGBOOST_MEMBER)
#undef MILLRACE_XGBOOST_MEMBER
};

}  // namespace millrace::model
