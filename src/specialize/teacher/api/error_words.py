"""What errors of servers say: the words, codes and statuses that tell what an error is about, and what they name."""

import re

RETRYABLE = frozenset({408, 409, 425, 429})
GATEWAY_TIMEOUTS = frozenset({408, 502, 504, 524})
"""A gateway gave up; the model may have generated, and billed, the answer nevertheless."""
OVERLOADED = frozenset({429, 503, 529})
"""The server asks for fewer requests: waited for by time, not by tries."""
PERMANENT_429 = (
    *("insufficient_quota", "budget_exceeded", "billing", "insufficient_balance", "insufficient balance"),
    *("insufficient credit", "not enough credit", "out of credit", "no credit", "access_terminated"),
    *("budget has been exceeded", "exceeded your current quota", "exceeded_current_quota", "account_deactivated"),
    *("payment_required", "payment required", "quota_exhausted", "insufficient_user_quota", "insufficient_funds"),
    *("insufficient funds", "credits_exhausted", "credit balance", "spending limit", "hard_limit", "hard limit"),
    *("quota_not_enough", "arrearage", "overdue", "not enough balance"),
)
"""Waiting for these changes nothing: somebody has to pay or to raise a limit."""
PASSING_429 = ("rate_limit_exceeded", "rate_limit_reached", "try again in", "retry in", "retrydelay")
"""Waiting helps, though the message may also tell how to pay for more."""
ENQUEUED = "enqueued token"
"""Batches alone: the queue is full until one of them is done."""
TOO_LARGE = ("request too large", "tokens must be reduced", "reduce the length", "request_too_large")
FILTER_CODES = (
    *("content_filter", "content_policy_violation", "contentpolicyviolation", "responsibleaipolicyviolation"),
    *("data_inspection_failed", "datainspectionfailed", "moderation_blocked", "prompt_blocked", "safety_check"),
    *("sensitive_words_detected", "content_moderation", "input_moderation", "content_blocked"),
)
FILTER_WORDS = (
    *("content management policy", "inappropriate content", "requires moderation", "flagged for", "was flagged"),
    *("content policy", "contentpolicyviolation", "safety system", "content_filter", "usage policy", "usage policies"),
    *("considered high risk", "sensitive content", "unsafe content", "harmful content", "prohibited content"),
)
QUESTION_CODES = (
    *("invalid_prompt", "context_length_exceeded", "string_above_max_length", "exceed_context_size_error"),
    *("context_length", "prompt_too_long", "input_too_long", "context_window_exceeded", "contextwindowexceedederror"),
    *("prompt_too_large", "input_too_large", "context_too_long"),
)
QUESTION_WORDS = (
    *("maximum context length", "context size", "context window", "prompt is too long", "input is too long"),
    *("context length", "too many tokens", "input length", "maximum input", "longer than the maximum"),
    *("exceeds the maximum", "exceeds the context", "repetitive patterns", "invalid prompt", "usage has been flagged"),
)
RUN_CODES = (
    *("unsupported_parameter", "unsupported_value", "extra_forbidden", "model_not_found", "invalid_model"),
    *("unknown_parameter", "invalid_api_key", "unsupported_country_region_territory"),
)
OPTIONS = {
    "max_tokens": "teacher.request.max_tokens_name: max_completion_tokens sends it under its newer name",
    "temperature": "teacher.request.leave_out: [temperature] does not send it",
    "n": "teacher.request.leave_out: [n] does not send it",
    "stop": "teacher.stop: [] does not send it",
    "seed": "teacher.seed: null does not send it",
    "logprobs": "teacher.top_k: 0 does not ask for log-probabilities",
    "top_logprobs": "teacher.top_k: a smaller number, or 0, asks for fewer",
    "max_completion_tokens": "teacher.request.max_tokens_name: max_tokens sends it under its older name",
}
"""Request parameter that servers refuse → what helps."""
RUN_PARAMETERS = frozenset({*OPTIONS, "model", "stream"} - {"n"})
"""Refused for one question, refused for all."""
ADVICE = re.compile(
    r"""(?:(?:try\ again|retry)\ in|retrydelay["']?:?)\ *["']?
    (?:(?P<m>[0-9]{1,4})\ ?m(?:in(?:utes?)?)?(?![a-z])\ ?)?
    (?:(?P<ms>[0-9.]{1,9})\ ?ms|(?P<s>[0-9]{1,6}(?:\.[0-9]{1,9})?)\ ?s(?:ec(?:onds?)?)?(?![a-z]))?""",
    re.VERBOSE,
)
"""`Please try again in 1m2.5s`, `in 350ms`, `"retryDelay": "34s"`."""
SEVERAL = re.compile(
    r"\bn ?(?:>|>=|!=|must be|should be|greater than) ?1\b|['`\"]n['`\"]"
    r"|only (?:one|a single) (?:choice|completion|sample)|multiple (?:choices|completions|samples|outputs)"
)
"""A server error that is about the number of samples in one request."""
REQUESTED = re.compile(r"limit[: ]+([\d,]+).{0,60}?requested[: ]+([\d,]+)", re.IGNORECASE | re.DOTALL)

NAMED = re.compile(
    r"(?:parameter|argument|field|property)s?:? ['\"`](\w+)['\"`]|(?:argument|parameter)s? supplied: (\w+)",
    re.IGNORECASE,
)
"""A request parameter that a refusal names as one."""
MENTIONED = re.compile(
    r"(?:\A|[.\s])(\w+): (?:Extra inputs|unknown|unsupported|not permitted)|"
    r"['\"`](\w+)['\"`]:? (?:is|does|are|was|may|can)\b|"
    r"(?:name|value|support|supported):? ['\"`](\w+)['\"`]",
    re.IGNORECASE,
)
"""A word that may be a request parameter."""
STATUS_OF = {
    "rate_limit": 429,
    "rate limit": 429,
    **dict.fromkeys(PERMANENT_429, 402),
    "authentication": 401,
    "invalid_api_key": 401,
    "permission": 403,
    "not_found": 404,
    "invalid_request": 400,
    "overloaded": 503,
    "server_error": 500,
    "internal": 500,
    "unavailable": 503,
}
"""Word of an error without a number → status."""
