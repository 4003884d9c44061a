<?php

return static function (): void {
    echo 'hello';
};
