"""Creates, updates and deletes one CloudFormation stack, whatever state it is in.

It works with the emulator and with AWS. Each failure is a StackError of one line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from scripts.aws import left_behind, template_steps
from scripts.machine import StackError

LARGEST_BODY = 51_200
"""The most bytes that CloudFormation takes in a call; longer templates go through a bucket."""
GOOD_STATUSES = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_LONGEST_PAUSE_SECONDS = 3
_ADOPT = "take-over"
_CERTIFICATE = "AWS::CertificateManager::Certificate"


class StackRefused(StackError):
    """CloudFormation rolled a change back; resource is the logical id of the first failure."""

    def __init__(self, name: str, status: str, resource: str, reason: str):
        because = f"{resource}: {reason}" if resource else reason
        super().__init__(
            f"The stack {name} ended as {status}: {because}. Nothing of this step was kept."
        )
        self.resource = resource
        self.reason = reason


class CloudStack:
    """One stack by its name; long templates are in the bucket for the duration of a call.

    client: makes the AWS client of a service, such as a boto3 session's.
    """

    def __init__(self, client: Callable, name: str, bucket: str):
        self._client_of = client
        self._client = client("cloudformation")
        self.name = name
        self._bucket = bucket

    def describe(self) -> dict | None:
        """Returns the stack as it is now; None when there is none."""
        from botocore.exceptions import ClientError

        try:
            return self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def put(
        self,
        template: str,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        beside_old_code: bool = False,
    ) -> dict:
        """Brings the stack to the template; does nothing when it matches already.

        beside_old_code: keeps indexes that the code still running may read.
        Takes over what an earlier stack has left behind, with all its data.
        Raises StackError when CloudFormation refuses the template, and StackRefused when it rolls
        back; the stack is then what it was before.
        """
        options = {
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        stack = self._ready_stack() or self._adopt(template)
        if stack is None:
            self._change(self._client.create_stack, template, options)
        else:
            deployed = self.deployed_template()
            if beside_old_code:
                template = template_steps.beside_old_code(deployed, template)
            for step in template_steps.steps_to(deployed, template):
                self._change(self._client.update_stack, step, options)
        return self.describe()

    def delete(self) -> bool:
        """Deletes the stack and waits; resources that its template retains stay.

        Returns False when there was no stack.
        """
        stack = self.describe()
        if stack is None:
            return False
        if _is_changing(stack["StackStatus"]):
            self._settle()
        self._client.delete_stack(StackName=self.name)
        status = self._settle(stack["StackId"])
        if status != "DELETE_COMPLETE":
            raise StackError(
                f"The stack {self.name} ended as {status}: {self._reason(stack['StackId'])}."
            )
        return True

    def outputs(self) -> dict[str, str]:
        """Returns the stack's outputs by name."""
        stack = self.describe() or {}
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}

    def _ready_stack(self) -> dict | None:
        """Returns the stack once it can be updated; None when it has to be created."""
        stack = self.describe()
        if stack is None:
            return None
        status = stack["StackStatus"]
        if _is_changing(status):
            status = self._settle()
        if status == "UPDATE_ROLLBACK_FAILED":
            self._client.continue_update_rollback(StackName=self.name)
            status = self._settle()
        if status in GOOD_STATUSES:
            return self.describe()
        if status == "UPDATE_ROLLBACK_FAILED":
            raise StackError(
                f"The stack {self.name} cannot go back: {self._reason(self.name)}."
                " Repair that in the CloudFormation console, then run the command again."
            )
        self.delete()  # A stack whose creation failed cannot be updated.
        return None

    def _change(self, call, template: str, options: dict) -> None:
        from botocore.exceptions import ClientError

        with self._sent(template) as body:
            try:
                call(
                    StackName=self.name,
                    Capabilities=["CAPABILITY_NAMED_IAM"],
                    RetainExceptOnCreate=True,
                    **body,
                    **options,
                )
            except ClientError as error:
                message = error.response["Error"]["Message"]
                if message.startswith("No updates are to be performed"):
                    return
                raise StackError(f"CloudFormation refused the template: {message}") from None
            status = self._settle()
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise StackRefused(self.name, status, *self._first_failure(self.name))

    def _adopt(self, template: str) -> dict | None:
        """Imports existing resources into a new stack; returns None when there are none."""
        resources = json.loads(template)["Resources"]
        found = left_behind.find(resources, self._client_of)
        if not found:
            return None
        known = json.dumps({"Resources": {key: resources[key] for key in found}})
        with self._sent(known) as body:
            self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=_ADOPT,
                ChangeSetType="IMPORT",
                ResourcesToImport=[
                    {
                        "ResourceType": resources[key]["Type"],
                        "LogicalResourceId": key,
                        "ResourceIdentifier": identifier,
                    }
                    for key, identifier in found.items()
                ],
                **body,
            )
            self._wait_for_change_set()
        self._client.execute_change_set(StackName=self.name, ChangeSetName=_ADOPT)
        status = self._settle()
        if status != "IMPORT_COMPLETE":
            raise StackError(
                f"What was left behind could not be taken over: {self._reason(self.name)}."
            )
        return self.describe()

    def _sent(self, template: str) -> _Sent:
        return _Sent(self._client_of("s3"), self._bucket, self.name, template)

    def _wait_for_change_set(self) -> None:
        for _ in _pauses(seconds=300):
            made = self._client.describe_change_set(StackName=self.name, ChangeSetName=_ADOPT)
            if made["Status"] == "CREATE_COMPLETE":
                return
            if made["Status"] == "FAILED":
                raise StackError(
                    "What was left behind does not fit the template:"
                    f" {made.get('StatusReason', 'no reason given')}."
                )
        raise StackError("CloudFormation did not answer within 5 minutes; try again.")

    def deployed_template(self) -> str:
        """Returns the template of the stack's last change."""
        body = self._client.get_template(StackName=self.name)["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body)

    def _settle(self, stack_id: str | None = None, seconds: int = 1800) -> str:
        """Waits until no change is in progress, and returns the
        status; DELETE_COMPLETE when it is gone.
        """
        for _ in _pauses(seconds):
            try:
                stack = self._client.describe_stacks(StackName=stack_id or self.name)["Stacks"][0]
            except self._client.exceptions.ClientError as error:
                if "does not exist" not in str(error):
                    raise
                return "DELETE_COMPLETE"
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                return stack["StackStatus"]
        raise StackError(
            f"The stack {self.name} is still being changed after {seconds // 60} minutes."
            f"{self._waits_for()} Run the command again to go on."
        )

    def _waits_for(self) -> str:
        """Returns what is unfinished, with advice for a certificate, which waits for
        other people.
        """
        resources = self._client.describe_stack_resources(StackName=self.name)["StackResources"]
        waiting = [one for one in resources if one["ResourceStatus"].endswith("IN_PROGRESS")]
        names = ", ".join(sorted(one["LogicalResourceId"] for one in waiting))
        said = f" It waits for {names}." if names else ""
        if any(one["ResourceType"] == _CERTIFICATE for one in waiting):
            said += (
                " A certificate is proved through the domain's zone: see that the registrar names"
                " the zone's servers."
            )
        return said

    def _reason(self, name_or_id: str) -> str:
        """Returns in words why the last change failed."""
        resource, reason = self._first_failure(name_or_id)
        return f"{resource}: {reason}" if resource else reason

    def _first_failure(self, name_or_id: str) -> tuple[str, str]:
        """Returns the first failure of the last change and its
        reason; later failures follow from it.
        """
        failed = ("", "no reason given")
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=name_or_id)
        for event in (event for page in pages for event in page["StackEvents"]):  # newest first
            reason = " ".join(event.get("ResourceStatusReason", "").split())
            if event["ResourceStatus"].endswith("FAILED") and "cancelled" not in reason:
                failed = (event["LogicalResourceId"], reason.rstrip(".") or "no reason given")
            if reason == "User Initiated":
                break
        return failed


def _is_changing(status: str) -> bool:
    """Returns whether a change is in progress.

    A stack in review is not: it waits for its change set to be executed, and nobody executes it.
    """
    return status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


class _Sent:
    """Gives the template as arguments of a call: inline, or as an
    object that is deleted afterwards.
    """

    def __init__(self, s3, bucket: str, name: str, template: str):
        self._s3, self._bucket, self._template = s3, bucket, template
        self._key = f"{name}.template.json"
        self._is_long = len(template.encode()) > LARGEST_BODY

    def __enter__(self) -> dict[str, str]:
        if not self._is_long:
            return {"TemplateBody": self._template}
        self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=self._template.encode())
        return {"TemplateURL": f"{self._s3.meta.endpoint_url}/{self._bucket}/{self._key}"}

    def __exit__(self, *_) -> None:
        if self._is_long:
            self._s3.delete_object(Bucket=self._bucket, Key=self._key)


def _pauses(seconds: float):
    """Yields until the time is over, with short pauses at first:
    the emulator needs milliseconds.
    """
    end, pause = time.monotonic() + seconds, 0.05
    while time.monotonic() < end:
        yield
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)
