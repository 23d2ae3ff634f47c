"""Has the function of a stage do an operator's job, with its own rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from scripts.aws.advice import in_one_line
from scripts.machine import StackError


def ask_function(client: Callable, stage: str, function: str, job: str, asked: Mapping) -> dict:
    """Returns the function's answer. Raises StackError, which says what to do, when there is none.

    client: makes the AWS client of a service.
    """
    lambdas = client("lambda")
    with in_one_line():
        try:
            answer = lambdas.invoke(
                FunctionName=function, Payload=json.dumps({"operator_job": job, **asked})
            )
        except lambdas.exceptions.ResourceNotFoundException:
            raise StackError(
                f"There is no function {function} in {lambdas.meta.region_name}; deploy the stage"
                " first, or sign in to the account that it is in."
            ) from None
    result = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer or not isinstance(result, dict):
        reason = result.get("errorMessage", result) if isinstance(result, dict) else result
        raise StackError(
            f"The function fails at this: {str(reason).rstrip('.')}. Its log says more:"
            f" scripts/zappa tail {stage} --since 10m"
        )
    return result
