# Faults of form: the configuration file, the API, files of the command line.
error-unknown-field = { $place }nobody knows { $field }. { $known ->
    [none] There are no fields here.
   *[other] Known are: { $known }.
  }
error-missing-field = { $place }{ $field } is missing. Add it.
error-repeated-field = { $place }{ $field } stands twice. Keep one.
error-wrong-type = { $place }{ $field ->
    [top] the content
   *[other] { $field }
  } should be { $expected }, and is { $given }.
error-unknown-word = { $place }{ $field } cannot be "{ $value }". Known are: { $known }.
error-bad-value = { $place }{ $field ->
    [top] the content
   *[other] { $field }
  }: the value cannot be used: { $prose }.
error-bad-syntax = { $place }this is no { $form }: { $prose }.
