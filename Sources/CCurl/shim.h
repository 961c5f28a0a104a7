// What Swift cannot call of libcurl: its variadic functions. Each shim fixes the one argument's type, as libcurl's own
// documentation gives it for the options that we set. Requires libcurl 7.87 (CURLOPT_QUICK_EXIT).
#ifndef WHINCHAT_CCURL_SHIM_H
#define WHINCHAT_CCURL_SHIM_H

#include <curl/curl.h>
// The engine drives libcurl by epoll and is woken by an eventfd; Swift's Glibc module has neither header.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// curl_easy_setopt(CURL *, CURLoption, ...) is variadic: options that take a long.
static inline CURLcode whinchat_easy_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

// The same for options that take a curl_off_t (CURLOPT_POSTFIELDSIZE_LARGE): a long would be too narrow on 32 bits.
static inline CURLcode whinchat_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

// The same for strings (copied by libcurl), `void *` contexts and `struct curl_slist *`; NULL resets to the default.
static inline CURLcode whinchat_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

// The same for CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION: a function pointer may not pass as `void *` in C.
static inline CURLcode whinchat_easy_set_write_callback(CURL *easy, CURLoption option, curl_write_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

// The same for CURLOPT_CLOSESOCKETFUNCTION.
static inline CURLcode whinchat_easy_set_close_callback(CURL *easy, curl_closesocket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

// curl_easy_getinfo(CURL *, CURLINFO, ...) is variadic: infos that are a long.
static inline CURLcode whinchat_easy_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

// The same for CURLINFO_PRIVATE.
static inline CURLcode whinchat_easy_get_private(CURL *easy, void **value) {
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)value);
}

// curl_multi_setopt(CURLM *, CURLMoption, ...) is variadic: options that take a long.
static inline CURLMcode whinchat_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The same for the callback of CURLMOPT_SOCKETFUNCTION and its context.
static inline CURLMcode whinchat_multi_set_socket_callback(CURLM *multi, curl_socket_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context) : code;
}

// The same for the callback of CURLMOPT_TIMERFUNCTION and its context.
static inline CURLMcode whinchat_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context) : code;
}

// CURLMsg holds its result in an anonymous union, which Swift imports under a name of its own choosing.
static inline CURLcode whinchat_message_result(const CURLMsg *message) {
    return message->data.result;
}

// prctl(2) is variadic. Names the calling thread, so that it can be told apart in `top -H`.
static inline void whinchat_name_thread(const char *name) {
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
