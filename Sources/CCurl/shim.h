#ifndef WHINCHAT_CCURL_SHIM_H
#define WHINCHAT_CCURL_SHIM_H
#include <curl/curl.h>
#endif
