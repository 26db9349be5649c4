-- +goose Up

-- All groups of the tenant are kept because it is said (allGroups), no longer because nothing else is selected.
UPDATE configs SET document = json_set(document, '$.scope.allGroups', json('true'))
 WHERE json_extract(document, '$.scope.allUsers') AND json_extract(document, '$.scope.groupObjects')
   AND COALESCE(json_array_length(document, '$.scope.groups'), 0) = 0;
