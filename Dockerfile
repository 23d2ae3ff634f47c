# The function as a container image; docs/package.md says how it is built and deployed.
# scripts/image writes zappa_settings.py first: the settings of the stage that the image is for.
FROM public.ecr.aws/lambda/python:3.12.2026.10.03.13 AS build
WORKDIR /src
COPY requirements.txt ./
COPY scripts/requirements/constraints.txt scripts/requirements/
RUN python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt -c scripts/requirements/constraints.txt
COPY . .
RUN python -m scripts.extension_libraries
RUN python -m scripts.commands.translations compile && python -m scripts.function.package /function

FROM public.ecr.aws/lambda/python:3.12.2026.10.03.13
COPY --from=build /function ${LAMBDA_TASK_ROOT}
USER 65534
CMD ["webapp.entry.handler"]
