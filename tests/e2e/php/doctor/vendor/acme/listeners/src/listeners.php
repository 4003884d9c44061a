<?php

return static function (Events $events): void {
    $events->listen('order', static function (): void {
    });
};
